"""Importers of what people write to one another: mail, Slack, WhatsApp, Telegram. All fixtures are invented (CC0)."""

import json
import sys
import tracemalloc
import zipfile
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpo_edge.errors import OptionalDependencyError
from rpo_edge.importers import Options, Report

pytest.importorskip("ijson")
pytest.importorskip("mailparser_reply")

from rpo_edge.importers import jsonl, markdown, text
from rpo_edge.importers.mail import EML, MBOX
from rpo_edge.importers.mail_body import own_words
from rpo_edge.importers.slack import SLACK
from rpo_edge.importers.telegram import TELEGRAM
from rpo_edge.importers.whatsapp import WHATSAPP

ME = Options(frozenset(["tom baker", "tom@example.org"]))
FIRST, SECOND = "First text of mine.", "Second one, with é."


def mail(body: str, sender="Tom Baker <Tom@Example.org>", number=1, **fields) -> str:
    head = {
        "From": sender,
        "To": "somebody@example.org",
        "Subject": "Re: Plans",
        "Date": "Mon, 08 Jan 2024 15:15:00 +0100",
        "Message-ID": f"<{number}@example.org>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{name}: {value}\n" for name, value in head.items() if value is not None) + "\n" + body


def mbox(*mails: str) -> str:
    return "".join(f"From tom@example.org Mon Jan  8 15:15:00 2024\n{one.rstrip()}\n\n" for one in mails)


def message(words, number=1, who=7, **more) -> dict:
    names = {7: "Tom Baker", 8: "somebody"}
    row = {
        "id": number,
        "type": "message",
        "date": f"2024-01-08T15:15:{number:02}",
        "from": names[who],
        "from_id": f"user{who}",
        "text": words,
    }
    return row | more


def chat(*messages: dict, **more) -> dict:
    return {"name": "Ann", "type": "personal_chat", "id": 55, "messages": list(messages)} | more


def telegram_text(export) -> str:
    return json.dumps(export, ensure_ascii=False, indent=1)


IOS = (
    "[31.12.23, 18:00:05] Ann: \u200eMessages and calls are end-to-end encrypted.\n"
    f"[31.12.23, 18:00:06] Tom Baker: {FIRST}\n[31.12.23, 18:01:00] Ann: somebody else's\n[01.01.24, 00:00:01] Tom Baker: {SECOND}\n"
)
FILES = {
    "mbox": ("Sent.mbox", mbox(mail(FIRST), mail("From somebody else.", "ann@example.org"), mail(SECOND, number=2)), MBOX),
    "eml": ("one.eml", mail(f"{FIRST}\n\n{SECOND}\n\nOn Mon, Jan 8, 2024 at 3:15 PM Ann <a@x.org> wrote:\n> somebody else's\n"), EML),
    "whatsapp": ("_chat.txt", IOS, WHATSAPP),
    "telegram": ("result.json", telegram_text(chat(message(FIRST), message("somebody else's", 2, 8), message(SECOND, 3))), TELEGRAM),
}


def read(importer, path: Path, content: str | bytes | None = None, options=ME):
    """Items, problems and what was left out."""
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = Report()
    items = list(importer.read(path, options, report))
    return items, report.problems, dict(report.left_out)


def texts(importer, path: Path, content=None, options=ME) -> list[str]:
    items, problems, _ = read(importer, path, content, options)
    assert not problems
    return [item.text for item in items]


@pytest.fixture(params=FILES.values(), ids=FILES)
def sample(request, tmp_path):
    name, content, importer = request.param
    return importer, tmp_path / name, content


# What holds for each


def test_own_words_only(sample):
    importer, path, content = sample
    items, problems, _ = read(importer, path, content)
    assert not problems and "\n\n".join(item.text for item in items) == f"{FIRST}\n\n{SECOND}"
    assert all(item.source and item.origin and item.date and item.title for item in items)
    assert {item.kind for item in items} == {"email" if importer in (MBOX, EML) else "chat"}


def test_line_ends_and_byte_order_mark_change_nothing(sample):
    importer, path, content = sample
    plain = texts(importer, path, content)
    assert texts(importer, path, b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode()) == plain
    assert importer.recognises(path, path.read_bytes())


def test_empty_files_have_no_items_and_folders_are_problems(sample, tmp_path):
    importer, path, _ = sample
    for content in ("", "\n \n", b"\xef\xbb\xbf"):
        assert texts(importer, path, content) == []
    items, problems, _ = read(importer, tmp_path)
    assert not items and len(problems) == 1


def test_bad_bytes_are_named_and_the_good_items_kept(sample):
    importer, path, content = sample
    items, problems, _ = read(importer, path, content.encode() + b"\n\nbad \xff\xfe bytes\n")
    assert importer is EML or FIRST in items[0].text
    assert len(problems) == 1 and f"{path}:" in problems[0]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_cut_and_no_change_of_a_byte_raises(tmp_path_factory, data):
    name, content, importer = data.draw(st.sampled_from(list(FILES.values())))
    raw = bytearray(content.encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[at:] = b""
    else:
        raw[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("cut") / name
    items, problems, _ = read(importer, path, bytes(raw))
    assert all(item.text.strip() and item.text.encode() for item in items)
    assert all(str(path) in problem for problem in problems)


def test_each_recognises_its_own_and_nobody_elses(tmp_path):
    others = {
        "a.txt": "Plain text of mine.\n\nFrom here on it goes: 31.12.23.\n",
        "b.md": "# Head\n\nFrom: nobody\n\n[31.12.23] It was late.\n",
        "c.jsonl": '{"text": "A text.", "date": "2024-01-02"}\n',
        "app.txt": "[2023-12-31 18:00:05] INFO: started\n2023-12-31 18:00:05 - root: x\n",
        "app.log": "2023-12-31 18:00:05,123 - root: x\n",
        "meta.txt": "From: the editor\nDate: Monday\n\nA letter.\n",
        "conversations.json": '[{"title": "x", "mapping": {}, "current_node": null}]',
    }
    importers = [MBOX, EML, SLACK, WHATSAPP, TELEGRAM]
    for name, content in others.items():
        assert not [one.name for one in importers if one.recognises(tmp_path / name, content.encode())], name
    for name, content, own in FILES.values():
        assert [one for one in importers if one.recognises(tmp_path / name, content.encode())] == [own]
        assert not [one for one in (jsonl.JSONL, markdown.MARKDOWN) if one.recognises(tmp_path / name, content.encode())]
    assert not [one for one in importers if one.recognises(tmp_path, b"")]
    assert text.TEXT.recognises(tmp_path / "_chat.txt", b"")  # so it must be asked after WhatsApp


# Mail

REPLIES = {
    "gmail": (
        "I've moved it.\n\nCheers,\nTom\n\nOn Mon, Jan 8, 2024 at 3:15 PM Ann <a@x.org> wrote:\n> Can we?\n",
        "I've moved it.\n\nCheers,\nTom",
    ),
    "wrapped": ("Sure, go ahead.\n\nOn Mon, Jan 8, 2024 at 3:15 PM Ann of a long name\n<a@x.org> wrote:\n\n> Can we?\n", "Sure, go ahead."),
    "between": (
        "On 8 Jan 2024, at 10:00, Ann <a@x.org> wrote:\n\n> Like it?\n\nYes, a lot.\n\n> Price?\n\nToo high.\n",
        "Yes, a lot.\n\nToo high.",
    ),
    "both": ("See below.\n\nOn 8 Jan 2024, Ann wrote:\n> Like it?\n\nYes, a lot.\n", "See below.\n\nYes, a lot."),
    "outlook": (
        "I agree.\n\n________________________________\nFrom: Ann <a@x.org>\nSent: Monday, January 8, 2024\nTo: Tom\nSubject: x\n\nHers.\n",
        "I agree.",
    ),
    "phone": ("Running late.\n\nSent from my iPhone\n\n> On 8 Jan 2024, at 10:00, Ann <a@x.org> wrote:\n> Hers.\n", "Running late."),
    "list": (
        "Here:\n\n- milk\n- the dentist\n\nAnything else?\n\n-- \nTom Baker\n1 Street\n",
        "Here:\n\n- milk\n- the dentist\n\nAnything else?",
    ),
    "thanks": (
        "Hi.\nThank you, by the way, for the cake.\n\nWe'll meet on Friday.",
        "Hi.\nThank you, by the way, for the cake.\n\nWe'll meet on Friday.",
    ),
    "block": ("I agree.\n\nBest regards,\nTom\nSenior Baker\n+44 7700 900123\nwww.example.org", "I agree.\n\nBest regards,\nTom"),
    "told": ("On the card she wrote:\n\nCome soon. I did.", "On the card she wrote:\n\nCome soon. I did."),
    "take": ("Hello.\n\nTake the bus.\nData: none yet.\n/usr/bin is full.", "Hello.\n\nTake the bus.\nData: none yet.\n/usr/bin is full."),
    "german": ("Ich komme.\n\nGrüße\nTom\n\nAm 08.01.2024 um 15:15 schrieb Ute <u@x.org>:\n> Wann?\n", "Ich komme.\n\nGrüße\nTom"),
    "german outlook": (
        "Passt so.\n\nVon: Ute <u@x.org>\nGesendet: Montag, 8. Januar 2024 15:15\nAn: Tom\nBetreff: x\n\nIhres.\n",
        "Passt so.",
    ),
    "french": ("J'y serai.\n\nLe lun. 8 janv. 2024 à 15:15, Anne <a@x.org> a écrit :\n> Quand ?\n", "J'y serai."),
    "spanish": ("No puedo.\n\nEl lun, 8 ene 2024 a las 15:15, Ana (<a@x.org>) escribió:\n\n> ¿Vienes?\n", "No puedo."),
    "dutch": ("Ik kom.\n\nOp ma 8 jan. 2024 om 15:15 schreef Anna <a@x.org>:\n> Kom je?\n", "Ik kom."),
    "portuguese": ("Não posso.\n\nEm seg., 8 de jan. de 2024 às 15:15, Ana <a@x.org> escreveu:\n\n> Vem?\n", "Não posso."),
    "portuguese wrapped": ("Não posso.\n\nEm seg., 8 de jan. de 2024 às 15:15, Ana\n<a@x.org> escreveu:\n\n> Vem?\n", "Não posso."),
    "russian": ("Приду.\n\nпн, 8 янв. 2024 г. в 15:15, Анна <a@x.org>:\n\n> Когда?\n", "Приду."),
    "italian": (
        "A: domani va bene.\nDa: oggi no.\n\nIl giorno lun 8 gen 2024 alle ore 15:15 Anna <a@x.org> ha scritto:\n> x",
        "A: domani va bene.\nDa: oggi no.",
    ),
    "japanese": ("伺います。\n\n2024年1月8日(月) 15:15 田中 <t@x.org>:\n\n> いつ\n", "伺います。"),
    "forwarded below": ("For you.\n\n---------- Forwarded message ---------\nFrom: Ann <a@x.org>\n\nHers.\n", "For you."),
    "signed": ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nMine.\n-----BEGIN PGP SIGNATURE-----\n\nabc\n", "Mine."),
}


@pytest.mark.parametrize("body, own", REPLIES.values(), ids=REPLIES)
def test_quotes_and_signatures_are_cut_and_sign_offs_stay(body, own):
    assert own_words(body) == own


@pytest.mark.parametrize(
    "body", ["On 1 " + "a " * 50_000, ("On 1 " + "a " * 100 + "\n") * 5000, "Thank you, so\n" * 5000, "\n \n" * 50_000, "-" * 90_000]
)
def test_long_mails_take_no_long_time(body, within):
    with within(5):
        own_words(body)


def one(tmp_path, content, importer=EML) -> str:
    (found,) = texts(importer, tmp_path / "one.eml", content)
    return found


def test_head_of_a_mail(tmp_path):
    (item,), _, _ = read(EML, tmp_path / "x.eml", mail("Mine.", Subject="AW: Re[2]: =?utf-8?q?Gr=C3=BC=C3=9Fe?="))
    assert (item.title, item.date, item.origin) == ("Grüße", "2024-01-08T15:15:00+01:00", "1@example.org")
    (item,), _, _ = read(EML, tmp_path / "x.eml", mail("Mine.", Subject=None, Date="yesterday", Message_ID=None))
    assert (item.title, item.date, item.origin) == (None, None, "x:1")


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"Subject": "Fwd: Plans"}, "forwarded messages"),
        ({"Subject": "WG: Plans"}, "forwarded messages"),
        ({"Auto_Submitted": "auto-replied"}, "automatic messages"),
        ({"Content_Type": "multipart/report; boundary=x"}, "automatic messages"),
        ({"sender": '"tom@example.org" <list@example.org>'}, "written by others"),
        ({"sender": "broken <<>@"}, "written by others"),
        ({"Content_Type": "text/calendar"}, "without words of their own"),
    ],
)
def test_what_of_mail_is_left_out(tmp_path, fields, why):
    assert read(EML, tmp_path / "x.eml", mail("Words.", **fields)) == ([], [], {why: 1})


def test_plain_text_is_preferred_and_attachments_are_not_read(tmp_path):
    whole = EmailMessage()
    whole["From"], whole["MIME-Version"] = "tom@example.org", "1.0"
    whole.set_content("Mine, in plain.")
    whole.add_alternative("<p>Mine, in HTML.</p>", subtype="html")
    whole.add_attachment("not mine", filename="a.txt")
    inner = EmailMessage()
    inner["From"] = "tom@example.org"
    inner.set_content("of another mail")
    whole.add_attachment(inner)
    assert one(tmp_path, whole.as_bytes()) == "Mine, in plain."


def test_html_alone_is_reduced(tmp_path):
    body = (
        "<html><head><style>p {}</style></head><body><!--[if mso]>x<![endif]--><![if !x]><div>Hi <b>Ann</b>,</div><div><br></div>"
        "<div>one&nbsp;&amp; two</div><ul><li>a</li><li>b</li></ul><p>last</p><blockquote><blockquote>x</blockquote>quoted</blockquote>"
        '<div class="gmail_quote"><div>On Monday</div>hers</div></body></html>'
    )
    assert one(tmp_path, mail(body, Content_Type="text/html; charset=utf-8")) == "Hi Ann,\n\none & two\n- a\n- b\n\nlast"


@pytest.mark.parametrize(
    "charset, data, shown",
    [
        ("x-unknown", "é".encode(), "é"),
        ("us-ascii", "é".encode("cp1252"), "é"),
        ("iso-8859-1", b"it\x92s", "it’s"),
        ("gb2312", "伺".encode("gb18030"), "伺"),
        ("utf-16", "é".encode("utf-16"), "é"),
    ],
)
def test_charsets_that_are_wrong_or_wider_than_they_say(tmp_path, charset, data, shown):
    head = mail("", Content_Type=f"text/plain; charset={charset}").encode()
    assert one(tmp_path, head + data) == shown


def test_flowed_paragraphs_are_joined(tmp_path):
    body = "One sentence that \ngoes on.\n\n From space.\n> quoted \n> more\n-- \nTom\n"
    assert one(tmp_path, mail(body, Content_Type="text/plain; format=flowed; charset=utf-8")) == "One sentence that goes on.\n\nFrom space."


def test_broken_mime_keeps_the_words(tmp_path):
    assert one(tmp_path, mail("Mine.", Content_Type="multipart/mixed")) == "Mine."
    assert one(tmp_path, mail("--b\nContent-Type: text/plain\n\nMine, cut", Content_Type="multipart/mixed; boundary=b")) == "Mine, cut"
    assert one(tmp_path, mail("TWluZS4=x", Content_Transfer_Encoding="base64")) == "Mine."


def test_deeply_nested_mail_is_a_problem_or_an_item(tmp_path):
    borders = [f"b{number}" for number in range(400)]
    nested = "".join(f"Content-Type: multipart/mixed; boundary={border}\n\n--{border}\n" for border in borders)
    content = f"From: tom@example.org\nMIME-Version: 1.0\n{nested}\n\nMine.\n"
    items, problems, left_out = read(MBOX, tmp_path / "a.mbox", mbox(mail("Good."), content, mail("Good too.")))
    assert [item.text for item in items][:: len(items) - 1] == ["Good.", "Good too."] and len(items) + len(problems) + sum(
        left_out.values()
    ) == 3


def test_a_line_that_begins_with_from_is_no_new_mail(tmp_path):
    body = "Hello.\n\nFrom what I know, it is late.\n>From here on it is mine."
    assert texts(MBOX, tmp_path / "a.mbox", mbox(mail(body))) == ["Hello.\n\nFrom what I know, it is late.\nFrom here on it is mine."]


def test_a_bad_mail_in_an_mbox_is_named_by_its_line(tmp_path):
    content = mbox(mail("Good.")).encode() + mbox(mail("bad \xe9")).encode("latin-1") + mbox(mail("Good too.")).encode()
    items, (problem,), _ = read(MBOX, tmp_path / "a.mbox", content)
    assert [item.text for item in items] == ["Good.", "Good too."] and f"a.mbox:{len(mbox(mail('Good.')).splitlines()) + 1}: " in problem


def test_no_mbox_is_one_problem(tmp_path):
    items, problems, _ = read(MBOX, tmp_path / "a.mbox", "Something else.\n" * 5)
    assert not items and len(problems) == 1 and "a.mbox:1:" in problems[0]


@pytest.fixture
def traced():
    """What a block of work takes at its peak, in bytes: `with traced() as peak: …`, then peak[0]."""

    @contextmanager
    def _traced():
        peak = []
        tracemalloc.start()
        try:
            yield peak
            peak.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()

    return _traced


def test_memory_does_not_grow_with_an_mbox(tmp_path, traced):
    parts = "--b\nContent-Type: text/plain\n\nMine.\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
    attachment = ("x" * 990 + "\n") * 3000
    with (tmp_path / "big.mbox").open("w") as file:
        for number in range(10):
            sender = "tom@example.org" if number == 5 else "ann@example.org"
            file.write(mbox(mail(parts + attachment, sender, number, Content_Type="multipart/mixed; boundary=b")))
    assert (tmp_path / "big.mbox").stat().st_size > 29_000_000
    with traced() as peak:
        assert [item.text for item in MBOX.read(tmp_path / "big.mbox", ME, Report())] == ["Mine."]
    assert peak[0] < 20_000_000  # a few times the one mail, of 3 MB, that is the user's


def test_memory_does_not_grow_with_the_number_of_mails(tmp_path, traced):
    with (tmp_path / "many.mbox").open("w") as file:
        file.writelines(mbox(mail("Hers.", "ann@example.org", number)) for number in range(3000))
    report = Report()
    with traced() as peak:
        assert list(MBOX.read(tmp_path / "many.mbox", ME, report)) == []
    assert peak[0] < 300_000 and report.left_out == {"written by others": 3000}


def test_without_the_parser_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mailparser_reply", None)
    with pytest.raises(OptionalDependencyError, match="pip install 'mail-parser-reply'"):
        read(EML, tmp_path / "x.eml", mail("Mine."))


# Slack

USERS = [
    {"id": "U1", "name": "tbaker", "real_name": "Tom Baker", "profile": {"display_name": "tom", "email": "tom@example.org"}},
    {"id": "U2", "name": "ann", "profile": {"display_name": "Ann"}},
    "nonsense",
]


def said(words, who="U1", number=1, **more) -> dict:
    return {"type": "message", "user": who, "text": words, "ts": f"17047233{number:02}.000100"} | more


def slack(folder: Path, *messages, users=USERS) -> Path:
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text(json.dumps([row for row in users if isinstance(row, dict)]), "utf-8")
    (folder / "channels.json").write_text('[{"id": "C1", "name": "general"}]', "utf-8")
    (folder / "general/2024-01-08.json").write_text(json.dumps(messages, ensure_ascii=False), "utf-8")
    return folder


def zipped(folder: Path, to: Path, top: str = "") -> Path:
    with zipfile.ZipFile(to, "w") as archive:
        for file in folder.rglob("*.json"):
            archive.write(file, top + file.relative_to(folder).as_posix())
    return to


def test_slack_as_folder_and_as_zip(tmp_path):
    folder = slack(tmp_path / "export", said(FIRST), said("somebody else's", "U2", 2), said(SECOND, number=3))
    for path in (folder, zipped(folder, tmp_path / "a.zip"), zipped(folder, tmp_path / "b.zip", "My team/")):
        items, problems, left_out = read(SLACK, path)
        assert [item.text for item in items] == [FIRST, SECOND] and not problems and left_out == {"written by others": 1}
        assert (items[0].source, items[0].title, items[0].origin) == ("slack", "general", "general/1704723301.000100")
        assert items[0].date == "2024-01-08T14:15:01+00:00" and items[0].kind == "chat"
        head = b"" if path.is_dir() else path.read_bytes()[:65_536]
        assert SLACK.recognises(path, head) and not any(one.recognises(path, head) for one in (MBOX, EML, WHATSAPP, TELEGRAM))


@pytest.mark.parametrize("name", ["U1", "tbaker", "Tom Baker", "tom", "tom@example.org"])
def test_slack_finds_the_user_by_any_name(tmp_path, name):
    assert texts(SLACK, slack(tmp_path / "x", said("Mine.")), options=Options(frozenset([name.casefold()]))) == ["Mine."]


def test_slack_names_that_are_nobodys_or_several_peoples(tmp_path):
    path = slack(tmp_path / "x", said("Mine."), users=[*USERS, {"id": "U3", "name": "tom"}])
    items, (problem,), _ = read(SLACK, path, options=Options(frozenset(["nobody"])))
    assert not items and "users.json" in problem and "nobody" in problem
    items, (problem,), _ = read(SLACK, path, options=Options(frozenset(["tom"])))
    assert not items and "U1, U3" in problem


@pytest.mark.parametrize(
    "raw, plain",
    [
        ("Ask <@U2> or <@U9|bob> in <#C1|general>", "Ask @Ann or @bob in #general"),
        ("See <https://x.org/a?b=1|the page> &amp; <https://y.org>, 1 &lt; 2", "See the page & https://y.org, 1 < 2"),
        ("<!here> &lt;b&gt; &amp;lt; <mailto:a@x.org|a@x.org> <!date^1^{date}|today>", "@here <b> &lt; a@x.org today"),
        ("Run\n```rm -rf &lt;x&gt;```\nthen `ls`", "Run\n\nthen `ls`"),
        ("&gt; hers\nMine.\n&gt; hers", "Mine."),
        ("Mine.\n&gt;&gt;&gt; hers\nand hers", "Mine."),
    ],
)
def test_slack_marks_become_plain_text(tmp_path, raw, plain):
    assert texts(SLACK, slack(tmp_path / "x", said(raw))) == [plain]


def test_slack_leaves_out_what_nobody_typed(tmp_path):
    rows = [
        said("<@U1> has joined the channel", subtype="channel_join"),
        said("Done.", subtype="bot_message", bot_id="B1"),
        said("Done.", bot_id="B1"),
        said("<@U1> uploaded a file: <https://x|y>", subtype="file_share"),
        said("This message was deleted.", "USLACKBOT", subtype="tombstone"),
        said("<https://x.org>"),
        said("", files=[{"id": "F1"}]),
        said("Kept.", subtype="thread_broadcast"),
    ]
    items, problems, left_out = read(SLACK, slack(tmp_path / "x", *rows))
    assert [item.text for item in items] == ["Kept."] and not problems
    assert left_out == {"automatic messages": 4, "deleted messages": 1, "without words of their own": 2}


def test_slack_keeps_good_messages_and_names_bad_ones(tmp_path):
    path = slack(tmp_path / "x", said("Good."), 5, said("No time.", ts="soon"), said("Good too."))
    day = path / "general/2024-01-08.json"
    (path / "general/2024-01-09.json").write_text(day.read_text("utf-8").replace("No time.", "\\ud800 half")[:-40], "utf-8")
    items, problems, _ = read(SLACK, path)
    assert [item.text for item in items] == ["Good.", "Good too.", "Good."]
    assert [problem.removeprefix(f"{path}:general/2024-01-").partition(": ")[0] for problem in problems] == [
        "08.json, item 2",
        "08.json, item 3",
        "09.json, item 2",
        "09.json, item 3",
        "09.json, item 4",
    ]
    assert "surrogate" in problems[3] and "cut off" in problems[4]


def test_slack_zip_that_is_damaged_or_locked_is_a_problem(tmp_path):
    good = zipped(slack(tmp_path / "x", said("Mine.")), tmp_path / "a.zip").read_bytes()
    for content in (good[: len(good) // 2], b"PK\x03\x04 and no more"):
        items, problems, _ = read(SLACK, tmp_path / "b.zip", content)
        assert not items and len(problems) == 1
        assert not SLACK.recognises(tmp_path / "b.zip", content)


# WhatsApp

NARROW = "\u202f"


def lines_of(*heads: str, words="Words of mine.") -> str:
    return "".join(f"{head}Tom Baker: {words}\n" for head in heads)


@pytest.mark.parametrize(
    "heads, dates",
    [
        (["[31.12.23, 18:00:05] ", "[01.02.24, 00:00:01] "], ["2023-12-31T18:00:05", "2024-02-01T00:00:01"]),
        ([f"12/31/23, 6:00{NARROW}PM - ", f"1/2/24, 12:05{NARROW}AM - "], ["2023-12-31T18:00:00", "2024-01-02T00:05:00"]),
        (["31/12/2023, 6:00 pm - ", "01/02/2024, 12:05 pm - "], ["2023-12-31T18:00:00", "2024-02-01T12:05:00"]),
        (["31/12/2023 18:00 - ", "01/02/2024 00:05 - "], ["2023-12-31T18:00:00", "2024-02-01T00:05:00"]),
        (["\u200e[31/12/2023 à 18:00:05] "], ["2023-12-31T18:00:05"]),
        (["[12.3.2022 klo 14.08.18] "], ["2022-03-12T14:08:18"]),
        (["[2023-12-31, 18:00:05] "], ["2023-12-31T18:00:05"]),
        (["2023-12-31 18:00 - "], ["2023-12-31T18:00:00"]),
        (["2023. 12. 31. 오후 6:00 - "], ["2023-12-31T18:00:00"]),
        (["[2023/12/31 上午12:00:05] "], ["2023-12-31T00:00:05"]),
        (["31-12-2023 18:00 - "], ["2023-12-31T18:00:00"]),
        (["31/12/23, 6:00 p. m. - "], ["2023-12-31T18:00:00"]),
        (["٣١\u200f/١٢\u200f/٢٠٢٣, ٦:٠٠ م - "], ["2023-12-31T18:00:00"]),
        # No number over 12: the order of messages tells, else the other marks.
        (["[1/2/24, 18:00:05] ", "[2/1/24, 18:00:05] "], ["2024-01-02T18:00:05", "2024-02-01T18:00:05"]),
        (["[2/1/24, 18:00:05] ", "[1/2/24, 18:00:05] "], ["2024-01-02T18:00:05", "2024-02-01T18:00:05"]),
        (["[1/2/24, 6:00:05 PM] "], ["2024-01-02T18:00:05"]),
        (["1/2/24, 6:00 pm - "], ["2024-02-01T18:00:00"]),
        (["01.02.24, 18:00 - "], ["2024-02-01T18:00:00"]),
    ],
)
def test_whatsapp_dates_of_many_locales(tmp_path, heads, dates):
    content = lines_of(*heads)
    items, problems, _ = read(WHATSAPP, tmp_path / "WhatsApp Chat with Ann.txt", content)
    assert [item.date for item in items] == dates and not problems
    assert all(item.text == "Words of mine." and item.title == "WhatsApp Chat with Ann" for item in items)
    assert WHATSAPP.recognises(tmp_path / "x.txt", content.encode())


def test_whatsapp_day_is_found_late_in_the_file(tmp_path):
    content = lines_of("[1/2/24, 18:00:05] ") * 500 + lines_of("[2/13/24, 18:00:05] ")
    items, _, _ = read(WHATSAPP, tmp_path / "_chat.txt", content)
    assert {item.date for item in items} == {"2024-01-02T18:00:05", "2024-02-13T18:00:05"}


@pytest.mark.parametrize(
    "raw, own",
    [
        ("One line\n\nand a third: yes.", "One line\n\nand a third: yes."),
        ("Words. <This message was edited>", "Words."),
        ("Words. \u200e<This message was edited>", "Words."),
        ("Worte. <Diese Nachricht wurde bearbeitet.>", "Worte."),
        ("See this \u200eimage omitted", "See this"),
        ("IMG-20231231-WA0001.jpg (file attached)\nThe caption.", "The caption."),
        ("Ask @\u2068Ann\u2069 \U0001f600 I <3 it", "Ask @Ann \U0001f600 I <3 it"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    ],
)
def test_whatsapp_keeps_what_was_typed(tmp_path, raw, own):
    assert texts(WHATSAPP, tmp_path / "_chat.txt", f"[31.12.23, 18:00:05] Tom Baker: {raw}\n[31.12.23, 18:00:06] Ann: x\n") == [own]


@pytest.mark.parametrize(
    "raw, why",
    [
        ("Tom Baker: <Media omitted>", "without words of their own"),
        ("Tom Baker: <Médias omis>", "without words of their own"),
        ("Tom Baker: image omitted", "without words of their own"),
        ("Tom Baker: https://x.org/a", "without words of their own"),
        ("Tom Baker: IMG-1.jpg (Datei angehängt)", "without words of their own"),
        ("Tom Baker:", "without words of their own"),
        ("Tom Baker: \u200eBild weggelassen", "automatic messages"),
        ("Tom Baker: \u200eThis message was deleted.", "deleted messages"),
        ("Tom Baker: Du hast diese Nachricht gelöscht.", "deleted messages"),
        ("Messages and calls are end-to-end encrypted.", "automatic messages"),
        ("\u202a+44 7700 900123\u202c: hers", "written by others"),
        (f"~{NARROW}Ann: hers", "written by others"),
    ],
)
def test_whatsapp_leaves_out_what_was_not_typed(tmp_path, raw, why):
    content = f"31.12.23, 18:00 - {raw}\n"
    assert read(WHATSAPP, tmp_path / "_chat.txt", content) == ([], [], {why: 1})


def test_whatsapp_zip_and_names_with_marks(tmp_path):
    for name in ("_chat.txt", "WhatsApp-Chat mit Ann.txt"):
        with zipfile.ZipFile(tmp_path / "Chat.zip", "w") as archive:
            archive.writestr("0001-PHOTO.jpg", b"\xff\xd8")
            archive.writestr(name, "\ufeff" + IOS.replace("Tom Baker", f"~{NARROW}\u202aTom Baker\u202c"))
        assert texts(WHATSAPP, tmp_path / "Chat.zip") == [FIRST, SECOND]
        head = (tmp_path / "Chat.zip").read_bytes()
        assert WHATSAPP.recognises(tmp_path / "Chat.zip", head) and not SLACK.recognises(tmp_path / "Chat.zip", head)
    with zipfile.ZipFile(tmp_path / "Chat.zip", "w") as archive:
        archive.writestr("_chat.txt", IOS.encode() + b"\xff\xfe\n")
    items, (problem,), _ = read(WHATSAPP, tmp_path / "Chat.zip")
    assert len(items) == 2 and f"_chat.txt:{IOS.count(chr(10)) + 1}: " in problem


def test_whatsapp_bad_date_is_a_problem_and_the_rest_is_kept(tmp_path):
    items, (problem,), _ = read(
        WHATSAPP, tmp_path / "_chat.txt", lines_of("[31.12.23, 18:00:05] ", "[99.99.23, 18:00:05] ", "[31.12.23, 18:00:06] ")
    )
    assert len(items) == 2 and "_chat.txt:2: " in problem


def test_whatsapp_without_a_chat_is_one_problem(tmp_path):
    items, problems, _ = read(WHATSAPP, tmp_path / "_chat.txt", "Nothing.\n" * 5)
    assert not items and len(problems) == 1


# Telegram


def test_telegram_account_says_whose_it_is(tmp_path):
    account = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 7, "first_name": "Tom"},
        "contacts": {"list": [{"user_id": 8, "name": "somebody"}]},
        "chats": {
            "list": [
                chat(message("One."), message("somebody else's", 2, 8)),
                chat(message("Two."), id=56, name=None, type="saved_messages"),
            ]
        },
        "left_chats": {"list": [chat(message("Three."), id=57, name="Left")]},
    }
    content = telegram_text(account)
    items, problems, left_out = read(TELEGRAM, tmp_path / "result.json", content, Options())
    assert [(item.text, item.title, item.origin) for item in items] == [
        ("One.", "Ann", "55/1"),
        ("Two.", None, "56/1"),
        ("Three.", "Left", "57/1"),
    ]
    assert not problems and left_out == {"written by others": 1} and items[0].date == "2024-01-08T15:15:01"
    assert TELEGRAM.recognises(tmp_path / "result.json", content.encode()) and not TELEGRAM.asks_me


def test_telegram_chat_without_a_name_is_one_problem(tmp_path):
    items, problems, _ = read(TELEGRAM, tmp_path / "result.json", telegram_text(chat(message("One."), message("Two."))), Options())
    assert not items and len(problems) == 1 and "--me" in problems[0]


@pytest.mark.parametrize("me", ["tom baker", "user7", "7"])
def test_telegram_finds_the_user_by_name_or_id(tmp_path, me):
    assert texts(TELEGRAM, tmp_path / "r.json", telegram_text(chat(message("Mine."))), Options(frozenset([me]))) == ["Mine."]
    old = telegram_text(chat(message("Mine.", from_id=7)))
    assert texts(TELEGRAM, tmp_path / "r.json", old, Options(frozenset([me.removeprefix("user")]))) == ["Mine."]


def test_telegram_entities(tmp_path):
    words = [
        "See ",
        {"type": "link", "text": "https://x.org"},
        " and ",
        {"type": "bold", "text": "this"},
        {"type": "pre", "text": "rm -rf"},
        "\n\n\n\nend",
    ]
    assert texts(TELEGRAM, tmp_path / "r.json", telegram_text(chat(message(words)))) == ["See https://x.org and this\n\nend"]


def test_telegram_leaves_out_what_was_not_typed(tmp_path):
    rows = [
        message("", 1, type="service", action="pin_message"),
        message("hers", 2, forwarded_from="Ann"),
        message("hers", 3, forwarded_from=None),
        message("x", 4, via_bot="@gif"),
        message("", 5, photo="photos/photo.jpg"),
        message([{"type": "code", "text": "ls"}], 6),
        message([{"type": "link", "text": "https://x.org"}], 7),
        message("Kept.", 8),
    ]
    items, problems, left_out = read(TELEGRAM, tmp_path / "r.json", telegram_text(chat(*rows)))
    assert [item.text for item in items] == ["Kept."] and not problems
    assert left_out == {"automatic messages": 2, "forwarded messages": 2, "without words of their own": 3}


@pytest.mark.parametrize("bad", [message(5, 2), message([{"type": "bold"}], 2), message("x", 2, date="soon"), message("x\ud800", 2)])
def test_telegram_bad_message_is_named_and_the_others_kept(tmp_path, bad):
    content = json.dumps(chat(message("Good."), bad, message("Good too.", 3)))
    items, (problem,), _ = read(TELEGRAM, tmp_path / "r.json", content)
    assert [item.text for item in items] == ["Good.", "Good too."] and "r.json:55/2: " in problem


def test_telegram_cut_file_keeps_what_is_whole(tmp_path):
    content = telegram_text(chat(*(message(f"Text {number}.", number) for number in range(1, 9))))
    items, (problem,), _ = read(TELEGRAM, tmp_path / "r.json", content[:-150])
    assert 5 <= len(items) < 8 and f"r.json:after 55/{len(items)}: " in problem


def test_telegram_memory_does_not_grow_with_the_file(tmp_path, traced):
    row = telegram_text(message("somebody else's words " * 20, 2, 8))
    with (tmp_path / "r.json").open("w") as file:
        file.write('{"name": "Ann", "type": "personal_chat", "id": 55, "messages": [' + row + ("," + row) * 6_000 + "]}")
    assert (tmp_path / "r.json").stat().st_size > 3_000_000
    report = Report()
    with traced() as peak:
        assert list(TELEGRAM.read(tmp_path / "r.json", ME, report)) == []
    assert peak[0] < 1_500_000 and report.left_out == {"written by others": 6_001} and not report.problems
