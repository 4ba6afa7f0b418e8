"""Whole rewrites by `rules` for users of plain habits: what the reading of many had shown to go wrong."""

import pytest

from rpo_edge import History, Personalizer
from rpo_edge.pipeline import Windows
from rpo_edge.records import HistoryItem

APART = [
    f"We went in week {w}. But it was late. The bus had left by then. But we had a car. They were not there. But the door was open."
    for w in ("one", "two", "three")
]
WEEKS = ["one", "two", "three", "four", "five", "six", "nine", "ten"]
SHORT = [
    "I can't do it, because mum's here, but I'm free from two and we could get a coffee.",
    "I've tried that new recipe and it's so good. Don't skip the lemon, it's what makes it.",
    "I didn't see that one yet. Don't tell me anything. I'm two behind because work's been mad.",
]
SMALL = [
    "i'm late again, and i think i've lost the key",
    "i'd go but i have no car. i can't walk that far",
    "yes i know, i'll call when i'm there",
    "and i said i'd wait",
]
STOPS = [f"We left at {w}. It's far. I'm there now. They don't know. It's not late." for w in WEEKS]
DOCTORS = ["Dr Patel saw Mrs Hale today.", "Mr Jones asked Dr Patel to call.", "Mrs Jones and Ms Hill agree with Dr Patel."]
NO_DASH = [
    f"We walked home along the river at {n} and talked about the garden until it was dark and the lamps came on in the town below us."
    for n in range(60)
]
LONG = [
    f"I do not know what to say about week {w}. It is not late, and they are not here. We have not seen it, and she does not mind."
    for w in WEEKS
]
HALF = [
    f"We'll send you a letter in week {w}. It's free and you'll like it. You do not need a form and you cannot use a card. It does not matter."
    for w in WEEKS
]
PLAIN = [
    f"We need to start in week {w}. Tell us if you need help. It is hard, but we can get it done and we use what we have." for w in WEEKS
]
CALLS = [f"I saw it in week {w}! You would like it! We had a walk there! Come and see us!" for w in WEEKS]
FEW_CALLS = [text.replace("!", ".", 3) for text in CALLS]
LOW = [text.lower().rstrip(".") for text in SHORT]
LOW_LONG = [". ".join([text] * 3) for text in LOW]
CHAT = [
    "ngl i think ur overthinking it. u gotta dodge left and its not that hard once u know it. u dont need the sword",
    "u can do it that way but its gonna take forever. dont worry, u can sell the rocks. pls dont buy it",
    "im not gonna lie, its hard. u cant win if ur alone. pls tell me if u did it",
]
BODIES = (
    "It's done and I'd love to see one more version of it.",
    "It's live and I can't wait.",
    "I don't know yet, but I'll ask and tell you.",
)
MAIL = [f"Hi {name},\n\n{body}\n\nCheers,\nMia" for name, body in zip(("Sam", "all", "Bo"), BODIES, strict=True)]
PROSE = "The old bridge crosses the river where the town began. Boats came here from the sea with salt and wool, and a market grew on the green side of the water."
DOCUMENT = f"# The bridge\n\n{PROSE}\n\nMany people walk there in summer and feed the ducks."
LISTED = f"{PROSE}\n\n- the bridge\n- the market\n\nMany people walk there in summer."
LETTERS = [
    f"Dear Dr Patel,\n\nThank you for seeing this man, who has had a cough for {w} weeks. I would be grateful for your advice.\n\nKind regards"
    for w in WEEKS
]
BANGS = [
    f"Hey {name}!\n\nI saw the dog & the cat on {day} & it was good." for name, day in zip(["Sam", "Bo", "Al", "Jo"], WEEKS, strict=False)
]
BOTH = [f"Dear Mr {name},\n\nThank you for the report of last week.\n\nYours sincerely,\nHal" for name in ("Hale", "Hill", "Lee")] + [
    f"Dear {name},\n\nIt rained all week, and we sat and read.\n\nYours ever,\nHal" for name in ("Sam", "Bo", "Al", "Jo")
]
DASHED = [text.replace(",\n", " -\n", 1) for text in MAIL]
COLONS = [
    f"Dear {name}:\n\nThe old contract is here, and it does not bind us.\n\nVery truly yours,\nAnn Lee"
    for name in ("Tom", "Ms. Hall", "Mr. Hill", "Bo")
]
SIGNED_ONLY = [f"It rained all week {w}, and we sat and read.\n\nYours ever,\nHal" for w in WEEKS]
STOPLESS = [
    f"The plan for week {w} is here, and it says what each of us has to do until the boats are back from the bay. You can see it on the wall"
    for w in WEEKS
]
BULLETS = [f"For {w}:\n- Get the milk.\n- Call the shop.\n- Fix the door.\n- Pay the rent." for w in WEEKS]
LOW_BULLETS = [*(text.lower().replace(".", "") for text in BULLETS), *LOW_LONG]
EN = [f"The plan for week {w} – the long one – was late. We waited for an hour – or perhaps two – and then we left." for w in WEEKS]
PERHAPS = [
    "Perhaps it's late. I need a new one and I want to talk about it.",
    "Perhaps not. I tried to fix it and it was hard, so I got rid of it.",
    "I often ask for help. Most of the time I get it. I need some of it now.",
]
REQUIRED = [f"We require a form for week {w}. We waited and left." for w in WEEKS[:3]]
MIXED = ["My neighbour cancelled it.", "The color of the fiber is good, and the honor is ours."]
KINDLY = [f"Kindly send the form for week {w}. Kindly note that it is late." for w in WEEKS]
CHEERY = [f"It's fine in week {w} 🙂" for w in WEEKS]
FILL = ("The first step is to open the settings page and to look for the network section in the list on the left. " * 6).strip()

STEP = "The first step is to open the page. The second is slower."
BARE = f"Subject: Viewing\n\nDear Ms. Lee,\n\n{STEP}\n\nBest regards,\n[Your Name]"
SIGNED = BARE.replace(STEP, f"I hope this email finds you well. {STEP}")


def rewrite(texts: list[str], draft: str, preferences: dict[str, str] | None = None, windows: Windows = "paragraphs"):
    with History.open("no such file", create=False) as history:
        history.extend([HistoryItem(text) for text in texts])
        for name, value in (preferences or {}).items():
            history.set_preference(name, value)
        with Personalizer(history, "rules") as personalizer:
            return personalizer.rewrite(draft, windows=windows)


APPROX = [f"{NO_DASH[n]} We need approx. {n} of them, and approx. half is for us." for n in range(4, 7)]
ABOUT = "It takes approximately two weeks. Approximately 5 came, 6 approximately."

CASES = {
    "a user's two sentences": (
        APART,
        "The plan was good, but it was late. We were here, and they were there.",
        "The plan was good. But it was late. We were here, and they were there.",
    ),
    "a user's two sentences in small letters": (
        [text.lower() for text in APART],
        "The plan was good, but it was late and nobody knew.",
        "the plan was good. but it was late and nobody knew.",
    ),
    # openers of sentences
    "two openers in neighbours": (
        APART,
        "We left. However, it was late. However, we had a car. It is far. However, it works.",
        "We left. But it was late. However, we had a car. It is far. But it works.",
    ),
    "beside the draft's own": (APART, "But it was late. However, we had a car.", None),
    "beside one in the paragraph before": (APART, "But it was late.\n\nHowever, we had a car.", None),
    "behind a split": (
        APART,
        "The plan was good; however, the bus was late. We stayed.",
        "The plan was good. But the bus was late. We stayed.",
    ),
    "behind a split beside its like": (
        APART,
        "The plan was good; however, it was late. But we stayed.",
        "The plan was good. However, it was late. But we stayed.",
    ),
    "behind a split, of who has no word for it": (
        STOPS,
        "The plan was good; however, they left. We stayed.",
        "The plan was good. However, they left. We stayed.",
    ),
    "by a full stop beside the draft's own": (APART, "But the plan was very old, but it was late. They were here.", None),
    "no plain opener in a formal letter": (
        APART,
        "Dear Dr Hale,\n\nThe plan was good. However, the bus was late. It was far; however, the road was dry.",
        "Dear Dr Hale,\n\nThe plan was good. However, the bus was late. It was far. However, the road was dry.",
    ),
    "but in a letter to a friend": (
        APART,
        "Dear Ann,\n\nThe plan was good. However, the bus was late.",
        "Dear Ann,\n\nThe plan was good. But the bus was late.",
    ),
    "nor talk": (
        [*SHORT, *PLAIN],
        "Dear Dr Hale,\n\nThey obtain a form. They assist us.",
        "Dear Dr Hale,\n\nThey obtain a form. They help us.",
    ),
    "talk to a friend": (
        [*SHORT, *PLAIN],
        "Dear Ann,\n\nThey obtain a form. They assist us.",
        "Dear Ann,\n\nThey get a form. They help us.",
    ),
    # greeting, sign-off and stock sentences
    "a closer in a window of its own": (SHORT, f"{FILL}\n\nI hope this helps! Let me know if you have any further questions.", FILL),
    "an opener in a window of its own": (SHORT, f"Great question!\n\n{FILL}", FILL),
    "an opener before a dash": (
        SHORT,
        f"Got it — here's the plan for all of the weeks: {STEP}",
        f"Here's the plan for all of the weeks: {STEP}",
    ),
    "what is agreed to before a dash": (SHORT, f"Sure — I can come at ten. {STEP}", None),
    "an opener of two sentences": (
        LONG,
        "Certainly! Here is a summary of the report:\n\nThe committee met in May.",
        "The committee met in May.",
    ),
    "an opener under a title": (SHORT, f"# The plan\n\nGreat question! {STEP}", f"# The plan\n\n{STEP}"),
    "an opener under a bold title": (SHORT, f"**The long plan**\n\nGreat question! {STEP}", f"**The long plan**\n\n{STEP}"),
    "not under who says it": (SHORT, f"**Ann:**\n\nGreat question. {STEP}", None),
    "not after the first sentence": (SHORT, f"# The plan\n\n{STEP} Great question.", None),
    "an opener under a subject and a greeting": (
        SHORT,
        f"Subject: Report\n\nDear Ms. Lee,\n\nI hope this email finds you well. {STEP}\n\nKind regards,\nHelena",
        f"Subject: Report\n\nDear Ms. Lee,\n\n{STEP}\n\nKind regards,\nHelena",
    ),
    "an opener that goes on": (SHORT, f"Great question — the answer is simple. {STEP}", f"The answer is simple. {STEP}"),
    "an opener that goes on with a number": (SHORT, f"Great question – it depends on 3 things. {STEP}", f"It depends on 3 things. {STEP}"),
    "an opener that goes on with no clause": (SHORT, f"Great question — one that all ask. {STEP}", None),
    "an answer that agrees": (SHORT, f"You're absolutely right! {STEP}", STEP),
    "a letter that agrees": (SHORT, f"Hi Ann,\n\nYou're absolutely right. {STEP}", None),
    "a yes before an announcement": (SHORT, f"Absolutely! Here is the list:\n\n- {STEP}", f"Here's the list:\n\n- {STEP}"),
    "a yes that answers": (SHORT, f"Absolutely! {STEP}", f"Absolutely. {STEP}"),
    "a closer behind an emoji that stays": (CHEERY, f"{STEP} 🚀\n\nI hope this helps! 😊", f"{STEP} 🚀"),
    "a closer behind an emoji in one paragraph": (CHEERY, f"{STEP} 🚀 I hope this helps!", f"{STEP} 🚀"),
    "an emoji that is the closer's own": (CHEERY, f"{STEP}\n\n😊 I hope this helps!", STEP),
    "what is no closer behind an emoji": (CHEERY, f"{STEP} 🚀\n\nI hope this helps Ann.", None),
    "an offer behind a rule": (SHORT, f"{STEP}\n\n---\n\nWould you like me to turn this into a checklist?", STEP),
    "an offer behind a rule, in a window of its own": (SHORT, f"{FILL}\n\n---\n\nShall I expand on any of these?", FILL),
    "an offer under a heading": (SHORT, f"{STEP}\n\n## Next steps\n\nWould you like me to draft the email?", STEP),
    "closers under a bold heading": (
        SHORT,
        f"{STEP}\n\n**Next steps**\n\nHope this helps! Let me know if any part needs more explanation. 😊",
        STEP,
    ),
    "an offer under a heading that says something": (SHORT, f"{STEP}\n\n## Costs\n\nWould you like me to draft the email?", None),
    "a heading over more than an offer": (
        SHORT,
        f"{STEP}\n\n## Next steps\n\nWe call them. Would you like me to draft the email?",
        f"{STEP}\n\n## Next steps\n\nWe call them.",
    ),
    "a closer before a rule": (SHORT, f"{STEP}\n\nHope this helps!\n\n---", f"{STEP}\n\n---"),
    "a closer of two needs": (SHORT, f"{STEP} Let me know if you have any questions or need further assistance!", STEP),
    "what could be done with the answer": (SHORT, f"{STEP} If you want, I can also turn it into a table.", STEP),
    "a deeper dive": (SHORT, f"{STEP} Would you like a deeper dive into any specific aspect?", STEP),
    "an offer of something else": (SHORT, f"{STEP} If you want, I can drive.", None),
    "glad to do more": (SHORT, f"{STEP} I'm happy to adjust it if you need a shorter version.", STEP),
    "a promise": (SHORT, f"{STEP} I'm happy to draft the email.", None),
    "an invitation": (SHORT, f"{STEP} Would you like to meet on Friday?", None),
    "an offer with a name": (SHORT, f"{STEP} Would you like me to draft the email for Ann?", None),
    "an offer with a number": (SHORT, f"{STEP} Would you like me to draft 3 emails?", None),
    "an offer to a colleague": (SHORT, f"{STEP} Want me to draft our reply for tomorrow?", None),
    "a draft to send": (
        SHORT,
        f"Here's a draft you could send:\n\n{SIGNED}\n\nFeel free to adjust the tone or the details. Would you like a shorter version?",
        BARE,
    ),
    "a draft to send, between rules": (
        SHORT,
        f"Here's a polite email to your landlord:\n\n---\n\n{SIGNED}\n\n---\n\nFeel free to edit the wording to fit your needs.",
        BARE,
    ),
    "a mail that was asked for, between rules": (
        SHORT,
        f"Certainly! Here's a firm but polite email you can send to the airline:\n\n---\n\n{SIGNED}\n\n---\n\nHope this helps!",
        BARE,
    ),
    "an opener above a rule": (SHORT, f"Great question!\n\n***\n\n{STEP}\n\n***\n\n{STEP}", f"{STEP}\n\n***\n\n{STEP}"),
    "an opener above a rule, and two line ends": (SHORT, f"Great question!\r\n\r\n---\r\n\r\n{STEP}", STEP),
    "a rule under what is told": (SHORT, f"{STEP}\n\n---\n\n{STEP}", None),
    "a rule under a lead that stays": (SHORT, f"Here is a summary:\n\n---\n\n{STEP}", f"Here's a summary:\n\n---\n\n{STEP}"),
    "a rule under a sentence behind an opener": (SHORT, f"Great question! {STEP}\n\n---\n\n{STEP}", f"{STEP}\n\n---\n\n{STEP}"),
    "a rule in front of words": (SHORT, f"Great question!\n\n--- {STEP}", f"--- {STEP}"),
    "nothing but a rule under an opener": (STOPS, "Great question.\n\n---", None),
    "a letter that is told of": (
        SHORT,
        f"Here is the letter that my father sent:\n\n{BARE}",
        f"Here's the letter that my father sent:\n\n{BARE}",
    ),
    "a draft of something else": (
        SHORT,
        f"Here is a draft budget that you could use:\n\n- {STEP}",
        f"Here's a draft budget that you could use:\n\n- {STEP}",
    ),
    "an email that does not follow": (
        SHORT,
        f"Here is an email to your landlord:\n\n{STEP}",
        f"Here's an email to your landlord:\n\n{STEP}",
    ),
    "an offer below a signature": (SHORT, f"{BARE}\n\nShall I shorten it?", BARE),
    "an offer in a postscript": (SHORT, f"{BARE}\n\nP.S. Shall I shorten it?", None),
    "an offer below a sign-off without a name": (SHORT, f"Hi Ann,\n\n{STEP}\n\nThanks,\n\nShall I shorten it?", None),
    "leave to change a letter, in one": (SHORT, f"Hi Ann,\n\n{STEP} Feel free to adjust the wording as needed.\n\nBest,\nMia", None),
    "leave to change something else": (SHORT, f"{STEP} Feel free to adjust the spices to your taste.", None),
    "an offer of what has a capital inside": (SHORT, f"{STEP} Would you like me to explain how mRNA vaccines work?", STEP),
    "an offer and who is glad of it": (SHORT, f"{STEP}\n\nWould you like me to put together a budget? I'm happy to help! 😊", STEP),
    "an offer and who is glad to do it": (
        SHORT,
        f"{STEP}\n\nWould you like help with writing a polite note to your neighbor? I'd be happy to draft one for you.",
        STEP,
    ),
    "who is glad to do it, without an offer": (SHORT, f"{STEP} You need a note for Ann. I'd be happy to draft one for you.", None),
    "another question and who is glad of it": (SHORT, f"{STEP} Would you like me to drive Ann? I'm happy to help.", None),
    "an offer of code": (SHORT, f"{STEP} Let me know if you'd like me to add retries with backoff.", STEP),
    "an offer of food": (SHORT, f"{STEP} Let me know if you'd like me to add a salad.", None),
    "an offer for more that is told": (SHORT, f"{STEP} Let me know your house size, and I can give you a more precise estimate.", STEP),
    "a promise for more that is told": (SHORT, f"{STEP} Let me know your address and I can give you a lift.", None),
    "a wish of the trade": (SHORT, f"{STEP} If you run into any issues, don't hesitate to ask. Happy surfing! 🚀", STEP),
    "a wish for a day": (FEW_CALLS, f"{STEP} Happy Thanksgiving!", None),
    "an offer in a greeted letter": (SHORT, f"Hi Ann,\n\n{STEP} Would you like me to draft the email?", None),
    "an offer in a signed letter": (SHORT, f"{STEP} Would you like me to draft the email?\n\nBest,\nMia", None),
    "what you think": (SHORT, f"{STEP} Let me know what you think.", None),
    "stock inside a letter": (
        SHORT,
        "Dear Ms. Lee,\n\nI hope this email finds you well. I am writing to ask for an extension.\n\n"
        "Please do not hesitate to contact me if you have any questions.\n\nKind regards,\nHelena",
        "Dear Ms. Lee,\n\nI'm writing to ask for an extension.\n\nKind regards,\nHelena",
    ),
    "the sign-off over what a template leaves open": (
        MAIL,
        "Dear Sam,\n\nI am writing to ask you for something.\n\nBest regards,\n\n[Your Name]\n[Your Position]",
        "Hi Sam,\n\nI'm writing to ask you for something.\n\nCheers,\nMia\n[Your Position]",
    ),
    "the sign-off over a title and a company": (
        MAIL,
        f"Hi Jo,\n\n{STEP}\n\nBest regards,\nAnn Lee\nHead of Sales\nAcme Inc.",
        f"Hi Jo,\n\n{STEP}\n\nCheers,\nAnn Lee\nHead of Sales\nAcme Inc.",
    ),
    "no sign-off over sentences": (MAIL, f"Hi Jo,\n\n{STEP} They said:\n\nThanks\nWe need more.\nBring a bus.\n\nCheers,\nMia", None),
    "an old sign-off": (MAIL, f"Hi Jo,\n\n{STEP}\n\nVery truly yours,\nAnn Lee", f"Hi Jo,\n\n{STEP}\n\nCheers,\nAnn Lee"),
    "no greeting above a subject": (
        MAIL,
        "Subject: Request\n\nDear Anna,\n\nI am writing to request a short extension for the final paper of this year.",
        "Subject: Request\n\nHi Anna,\n\nI'm writing to request a short extension for the final paper of this year.\n\nCheers,\nMia",
    ),
    "nobody signs off to an office as to friends": (
        MAIL,
        "Dear Hiring Manager,\n\nI am writing to apply for the post.\n\nBest regards,\nMia",
        "Dear Hiring Manager,\n\nI'm writing to apply for the post.\n\nBest regards,\nMia",
    ),
    "nor greets it so": (
        BANGS,
        "Dear Dr. Ahmed,\n\nYou asked for the report and it is here.\n\nSincerely,\nMia",
        "Dear Dr. Ahmed,\n\nYou asked for the report and it is here.\n\nSincerely,\nMia",
    ),
    "an office is written to in full": (
        CHAT,
        "Dear British Airways Customer Relations,\n\nThe form is here. I think you are going to like it.",
        "Dear British Airways Customer Relations,\n\nThe form is here. I think you're going to like it.",
    ),
    "so is one without a name yet": (
        CHAT,
        "Dear [Name of the authority],\n\nThe form is here. I think you are going to like it.",
        "Dear [Name of the authority],\n\nThe form is here. I think you're going to like it.",
    ),
    "a person without a name yet is not": (
        CHAT,
        "Dear [Name of the author],\n\nThe form is here. I think you are going to like it.",
        "dear [Name of the author],\n\nthe form is here. I think youre gonna like it",
    ),
    "a team is not": (
        CHAT,
        "Dear team,\n\nThe form is here. I think you are going to like it.",
        "dear team,\n\nthe form is here. I think youre gonna like it",
    ),
    "a template to one, too": (
        MAIL,
        "Dear [Hiring Manager's Name],\n\nI am writing to apply for the post.\n\nBest regards,\nMia",
        "Dear [Hiring Manager's Name],\n\nI'm writing to apply for the post.\n\nBest regards,\nMia",
    ),
    "friends are greeted with their mark": (
        BANGS,
        "Hello Sam,\n\nYou asked for the report and it is here.",
        "Hey Sam!\n\nYou asked for the report & it is here.",
    ),
    "nobody calls out what is grave": (
        CALLS,
        "Your claim was denied. Thank you for your letter. We are here for you.\n\nYou can call us.\n\nIt is a form. You shall pay the fee.\n\n"
        "Your flight is cancelled. You and your dog are home.",
        "Your claim was denied. Thank you for your letter. We are here for you.\n\nYou can call us.\n\nIt is a form. You shall pay the fee.\n\n"
        "Your flight is cancelled. You and your dog are home!",
    ),
    "nor in a letter of condolence": (
        CALLS,
        "I am so sorry for your friend's loss.\n\nDear Helen,\n\nI was saddened to hear about your father's passing.\n\n"
        "Your father taught us all to sail.\n\nYou and your family are in our thoughts.\n\nWe think of you.\n\nYours,\nMia",
        None,
    ),
    "nor in a complaint": (
        CALLS,
        "Dear Acme Team,\n\nThe dishwasher is defective.\n\nI look forward to your answer.\n\nThank you for your time.\n\nYours,\nMia",
        None,
    ),
    "but in thanks to a team": (
        CALLS,
        "Dear Acme Team,\n\nThe dishwasher is here.\n\nThank you for your time.\n\nYours,\nMia",
        "Dear Acme Team,\n\nThe dishwasher is here.\n\nThank you for your time!\n\nYours,\nMia",
    ),
    "nor what is said stiffly": (CALLS, "The form is here. Thank you for your attention to this matter. It is late; you are home.", None),
    "nor when someone died": (CALLS, "Our cat passed last night. Thank you for your letter.", None),
    "but what passed otherwise": (
        CALLS,
        "The law passed by a vote. Thank you for your letter.",
        "The law passed by a vote. Thank you for your letter!",
    ),
    "nor what is sad in the next paragraph": (
        CALLS,
        "We are so sorry for your loss.\n\nThank you for your letter.\n\nWe are there for you.",
        "We are so sorry for your loss.\n\nThank you for your letter.\n\nWe are there for you!",
    ),
    "nor anything where two paragraphs are sad": (
        CALLS,
        "We heard of your breakup.\n\nIt is late here.\n\nIt is fine to feel sad.\n\nIt is late.\n\nIt is far.\n\nWe are there for you.",
        None,
    ),
    "in whichever windows they are": (
        CALLS,
        f"We heard of your breakup.\n\n{FILL}\n\nIt is late.\n\nIt is far.\n\nWe are there for you.\n\n{FILL}\n\nIt is fine to feel sad.",
        None,
    ),
    "but where one is": (
        CALLS,
        "We heard of your breakup.\n\nIt is late here.\n\nIt is fine to feel cold.\n\nIt is late.\n\nIt is far.\n\nWe are there for you.",
        "We heard of your breakup.\n\nIt is late here.\n\nIt is fine to feel cold.\n\nIt is late.\n\nIt is far.\n\nWe are there for you!",
    ),
    "but where a break is": (
        CALLS,
        "We had a break up there.\n\nWe are there for you.",
        "We had a break up there!\n\nWe are there for you!",
    ),
    "a colon behind the greeting of a formal letter": (
        COLONS,
        "Dear Dr. Ahmed,\n\nThe report that you asked for is here.\n\nVery truly yours,\nAnn Lee",
        "Dear Dr. Ahmed:\n\nThe report that you asked for is here.\n\nVery truly yours,\nAnn Lee",
    ),
    "and of another": (
        COLONS,
        "Hi Sam,\n\nThe report that you asked for is here.\n\nVery truly yours,\nAnn Lee",
        "Dear Sam:\n\nThe report that you asked for is here.\n\nVery truly yours,\nAnn Lee",
    ),
    "a dash behind the greeting": (
        DASHED,
        "Hello team,\n\nThe report that you asked for is here.\n\nCheers,\nMia",
        "Hi team -\n\nThe report that you asked for is here.\n\nCheers,\nMia",
    ),
    "and behind one of nobody's name": (
        DASHED,
        "Hi all,\n\nThe report that you asked for is here.\n\nCheers,\nMia",
        "Hi all -\n\nThe report that you asked for is here.\n\nCheers,\nMia",
    ),
    "who is greeted stays": (
        MAIL,
        "Hello everyone!\n\nThe report that you asked for is here.\n\nCheers,\nMia",
        "Hi everyone,\n\nThe report that you asked for is here.\n\nCheers,\nMia",
    ),
    "but for the time of day": (
        MAIL,
        "Good morning!\n\nThe report that you asked for is here.\n\nCheers,\nMia",
        "Hi,\n\nThe report that you asked for is here.\n\nCheers,\nMia",
    ),
    "no dash where the letter goes on in the line": (
        DASHED,
        "Hello team, the report that you asked for is here.\n\nCheers,\nMia",
        "Hi team, the report that you asked for is here.\n\nCheers,\nMia",
    ),
    "nor behind 'Dear'": (DASHED, "Dear [Name],\n\nThe report that you asked for is here.\n\nCheers,\nMia", None),
    "who prays": (MAIL, "Dear God,\n\nI have one thing to ask for.\n\nCheers,\nMia", None),
    "nor in a formal letter": (DASHED, "Dear Dr. Ahmed,\n\nThe report that you asked for is here.\n\nCheers,\nMia", None),
    "and a dash goes of who has commas": (
        MAIL,
        "Hi team —\n\nThe report that you asked for is here.\n\nCheers,\nMia",
        "Hi team,\n\nThe report that you asked for is here.\n\nCheers,\nMia",
    ),
    "not where the letter goes on in the line": (
        COLONS,
        "Dear Sam, the report that you asked for is here.\n\nVery truly yours,\nAnn Lee",
        None,
    ),
    "nor for who has commas, and theirs for nobody's colon": (
        LETTERS,
        "Dear Dr Ahmed:\n\nThe report that you asked for is here.\n\nKind regards",
        None,
    ),
    "friends' marks are none of a formal letter": (BANGS, "Dear Dr. Ahmed:\n\nYou asked for it.", None),
    "its mark behind the same greeting": (BANGS, "Hey Sam,\n\nYou asked for it.", "Hey Sam!\n\nYou asked for it."),
    "a sign-off of formal letters": (
        BOTH,
        "Dear Hiring Manager,\n\nPlease find the report of this year.\n\nSincerely,\nHal",
        "Dear Hiring Manager,\n\nPlease find the report of this year.\n\nYours sincerely,\nHal",
    ),
    "a sign-off of other letters": (
        BOTH,
        "Dear Jane,\n\nPlease find the report of this year.\n\nSincerely,\nHal",
        "Dear Jane,\n\nPlease find the report of this year.\n\nYours ever,\nHal",
    ),
    "the last window of a long formal letter": (
        STOPLESS,
        f"Dear Ms. Hill,\n\n{FILL}\n\n{FILL}\n\n{FILL}\n\nThe last step is short.",
        None,
    ),
    "items and bold leads lose it together with prose": (
        STOPLESS,
        f"{STEP}\n\n**No door?** It is far.\n\n- We left.\n  - They came in\n    the rain.\n- Milk.\n- It is here!\n- Who?\n1. Eggs, etc.\n2. Go\n"
        "3. Wait. See it at 5 p.m.\n4. Ann saw it.\n\nIt is here.\n- One.\n\n> It is so.\n\n**It is late.**",
        f"{STEP[:-1]}\n\n**No door?** It is far\n\n- We left\n  - They came in\n    the rain\n- Milk\n- It is here\n- Who?\n1. Eggs, etc.\n2. Go\n"
        "3. Wait. See it at 5 p.m.\n4. Ann saw it\n\nIt is here.\n- One\n\n> It is so.\n\n**It is late.**",
    ),
    "items without it say nothing of prose": (
        [f"For {w}:\n- Get the milk\n- Call the shop\n- Fix the door" for w in WEEKS],
        f"{STEP}\n\n- We left.",
        None,
    ),
    "nor do small letters in them": (
        [f"It was late in {w}.\n\n- get the milk\n- call the shop\n- fix the door" for w in WEEKS],
        f"{STEP}\n\n- Wait for it.",
        None,
    ),
    "no last stop in any other": (STOPLESS, f"Dear Anna,\n\n{STEP}", f"Dear Anna,\n\n{STEP[:-1]}"),
    "two edits of the word after a phrase": (
        SHORT,
        "This is a success; it is not a toy. It is important to note that it is not late.",
        "This is a success; it isn't a toy. It isn't late.",
    ),
    "nothing is added": (NO_DASH, "It rained. Furthermore, it was cold. In addition, Tom came.", "It rained. It was cold. Tom came."),
    "an addition before an announcement": (
        [*NO_DASH, *STOPS],
        "It was late. Additionally, it is important to note that the sky is low. Furthermore, it is worth noting that it is far.",
        "It was late. The sky is low. It's far.",
    ),
    "an addition before an announcement in small letters": (
        [text.lower() for text in (*NO_DASH, *STOPS)],
        "It was late. Additionally, it is important to note that the sky is low.",
        "it was late. the sky is low.",
    ),
    "an addition that stays before an announcement": (
        STOPS,
        "It was late. Additionally, it is important to note that the sky is low.",
        "It was late. Additionally, the sky is low.",
    ),
    "an addition before what an announcement cannot leave": (
        [*NO_DASH, *STOPS],
        "It was late. Additionally, it is important to note that *this* is low.",
        "It was late. It's important to note that *this* is low.",
    ),
    "last stops of lists for who writes them there": (
        [*STOPLESS, "For now:\n\n- Get the milk today.\n- Call the shop again."],
        "You need this:\n\n- Buy the milk now.\n\nIt is far and we know it.",
        "You need this:\n\n- Buy the milk now.\n\nIt is far and we know it",
    ),
    "and for who was not seen to": (
        STOPLESS,
        "You need this:\n\n- Buy the milk now.\n\nIt is far and we know it.",
        "You need this:\n\n- Buy the milk now\n\nIt is far and we know it",
    ),
    "a letter is no word": (LOW, "- **Power:** A\n- **Speed:** A few\n\nA mark.", "- **Power:** A\n- **Speed:** a few\n\na mark."),
    "bold labels keep their capitals, whatever ends them": (
        LOW_LONG,
        "It is so:\n\n- **Too hot?** A spoon of milk will help.\n- **Time is short:** It will wait.\n- **Wait.** It is late.\n\n**It is late!** We left.\n\n**The long one**: It is.",
        "it is so:\n\n- **Too hot?** a spoon of milk will help\n- **Time is short:** it'll wait\n- **Wait.** it's late\n\n**It's late!** we left\n\n**The long one**: it is",
    ),
    "bold that goes on in its sentence is no label": (
        LOW_LONG,
        "It is so:\n\n1. **Open the file** and wait.\n2. **Close** it.\n\n**Wait** for it, and wait until it is done. It is not late.",
        "it is so:\n\n1. **open the file** and wait\n2. **close** it\n\n**wait** for it, and wait until it's done. it isn't late",
    ),
    "first letters of a list's items, all": (
        LOW_LONG,
        "It is so:\n\n- The bus is late.\n- A car is not.\n  - Wait for it.\n- HTTPS is on.\n- Docker is there, and we are not.\n- I am here.",
        "it is so:\n\n- the bus is late\n- a car isn't\n  - wait for it\n- HTTPS is on\n- Docker is there, and we aren't\n- i'm here",
    ),
    "or none, where one stays": (
        LOW_LONG,
        "It is so:\n\n- Independence of errors: it is. They are.\n  - Wait for it.\n\n- Linearity: it is.\n\nWe are there.\n\n- The bus is late.\n- A car is not.",
        "it is so:\n\n- Independence of errors: it is. they are\n  - wait for it\n\n- Linearity: it is\n\nwe are there\n\n- the bus is late\n- a car isn't",
    ),
    "or none, around code": (
        LOW_LONG,
        "We had this:\n\n1. Linearity: we had it. They left\n```\nx = 1\n```\n2. Close the file and wait.",
        "we had this:\n\n1. Linearity: we had it. they left\n```\nx = 1\n```\n2. Close the file and wait",
    ),
    "or none, beside a bold label": (
        LOW_LONG,
        "It is so, as we said:\n\n1. **Open it:**\n   ```\n   x\n   ```\n2. **Close the file** and wait, since they are not here and it is late.",
        "it is so, as we said:\n\n1. **Open it:**\n   ```\n   x\n   ```\n2. **Close the file** and wait, since they aren't here and it's late",
    ),
    "a callout is the draft's own, a quotation is not": (
        STOPS,
        "It is what we have.\n\n> **Note:** If it is late, we do not go. It is far.\n\n> It is what she said. We do not know.",
        "It's what we have.\n\n> **Note:** If it's late, we don't go. It's far.\n\n> It is what she said. We do not know.",
    ),
    "an announcement of which one was ever seen": (
        [*STOPS, "It is worth noting that it rained."],
        "It is important to note that the sky is low. Note that the sea is high. Please note that the road is closed.",
        "The sky is low. The sea is high. The road is closed.",
    ),
    "one dash in many words": (
        [*NO_DASH, "It rained - we stayed in."],
        "The town is old — it has a market — and the road is long.",
        "The town is old - it has a market - and the road is long.",
    ),
    "lists without bold": (
        BULLETS,
        "The plan:\n\n- **Cost:** low\n- **Time.** A week, **not** two.\n\n**Note:** it is late.",
        "The plan:\n\n- Cost: low\n- Time. A week, **not** two.\n\n**Note:** it is late.",
    ),
    "lists without bold, with numbers, quotations and code in it": (
        BULLETS,
        'The plan:\n\n- **502 Bad Gateway:** low\n- **Say "no":** a week\n- **Use `it`:** here\n- **Time:** now, **5 times**\n\n**Step 5:** it is late.',
        'The plan:\n\n- 502 Bad Gateway: low\n- Say "no": a week\n- Use `it`: here\n- Time: now, **5 times**\n\n**Step 5:** it is late.',
    ),
    "not half of a bold label": (
        BULLETS,
        'It is what we have:\n\n- **See https://x.org:** low\n- **Say "no:** a week"\n- **Use `it:** x` here\n- **Li, C. (2020). It is.** It is one.',
        None,
    ),
    "labels in a line stay together": (
        BULLETS,
        "It is what we have.\n\n**Serves:** 4 | **Prep:** 10 minutes | **Cook**: a **long** time\n\nServes: 4 | **Prep:** 10 minutes\n\n- **Cost:** low, **Time:** long",
        "It is what we have.\n\n**Serves:** 4 | **Prep:** 10 minutes | **Cook**: a long time\n\nServes: 4 | Prep: 10 minutes\n\n- Cost: low, Time: long",
    ),
    "labels in an item stay with it": (MAIL, "This was what we had.\n\n- **Cost:** low, **Time:** long", None),
    "what changes inside of bold that goes": (
        LOW_BULLETS,
        "We have **what is not here** now:\n\n- **It is late.** We left.\n- **Do not** wait.",
        "we have what isn't here now:\n\n- it's late. we left\n- don't wait",
    ),
    "no semicolons of who writes small, and none": (
        [f"we saw it in week {w}. it was late. we left then. they came by bus" for w in WEEKS],
        "The bus was late; we had a car.",
        "the bus was late. we had a car",
    ),
    "not in small letters, nor without stops, in a formal letter": (
        [
            f"we saw it in week {w}. it was late. we left then, and all of us sat in the bus for an hour or two. they came by bus"
            for w in WEEKS
        ],
        "Dear Dr. Hale,\n\nThe bus was late; we had a car. The door was open.\n\nWe left; they came! 🎉\n\nYours sincerely,\nAnn Lee",
        "Dear Dr. Hale,\n\nThe bus was late. We had a car. The door was open.\n\nWe left. They came.\n\nYours sincerely,\nAnn Lee",
    ),
    "small letters behind bold that goes": (
        LOW_BULLETS,
        "It is so:\n\n1. **Talk to them first.** Many do not know.\n2. **Too hot?** It is late.\n3. **Docker.** We have one.\n4. **Add 5 of them.** It is far.",
        "it is so:\n\n1. talk to them first. many don't know\n2. too hot? it's late\n3. Docker. we have one\n4. add 5 of them. it's far",
    ),
    "labels, and the list that has one, keep their capitals when bold goes": (
        LOW_BULLETS,
        "We had this:\n\n- **The long way:** We walked.\n- **Wait.** They came late.\n\nWe also had this:\n\n- **Docker:** We had one.\n- **Wait.** They came late.\n\nThis too:\n\n- **Authors** - Can write.",
        "we had this:\n\n- The long way: we walked\n- Wait. they came late\n\nwe also had this:\n\n- Docker: we had one\n- wait. they came late\n\nthis too:\n\n- Authors - Can write",
    ),
    "titles, and a list with a title, keep their capitals when bold goes": (
        LOW_BULLETS,
        "We had this:\n\n1. **Next Stop**\n2. **The Story of Us: It Rained**\n3. **Wait.** They came late.",
        "we had this:\n\n1. Next Stop\n2. The Story of Us: It Rained\n3. Wait. they came late",
    ),
    "headings in bold, and capitals of who writes them, stay": (
        [*LOW_BULLETS, *BULLETS, *STOPS, *STOPS],
        "**It is late**\n\n- **Talk to them.** Many do not know.",
        "**It's late**\n\n- Talk to them. Many don't know.",
    ),
    "numbered lists without bold": (
        [f"For {w}:\n1. Get the milk.\n2. Call the shop.\n3. Fix the door.\n4. Pay the rent." for w in WEEKS],
        "The plan:\n\n1. **Get the bus** to the coast.\n2. **Wait.** It is late.\n- **Cost:** low",
        "The plan:\n\n1. Get the bus to the coast.\n2. Wait. It is late.\n- Cost: low",
    ),
    "numbered lists with bold": (
        [f"For {w}:\n1. **Get the milk.**\n2. Call the shop.\n3. Fix the door.\n4. Pay the rent." for w in WEEKS],
        "The plan:\n\n1. **Get the bus** to the coast.\n2. **Wait.** It is late.",
        None,
    ),
    "the user's own word, twice in three times": (
        ["It was difficult to say at first.", "It was difficult in week two.", "It was hard to hear. We use it, get it and need it."],
        "The sound is difficult to identify.",
        None,
    ),
    "a greeting that needs a name": (
        LETTERS,
        "Hi there,\n\nThe report is here.\n\nBest regards,\nAnn Lee",
        "Hi there,\n\nThe report is here.\n\nKind regards\nAnn Lee",
    ),
    "its colon stays": (
        LETTERS,
        "Hello Mr Hale:\n\nThe report that you sent is here.",
        "Dear Mr Hale:\n\nThe report that you sent is here.\n\nKind regards",
    ),
    "its name stays": (
        LETTERS,
        "Hi John!\n\nThe report that you sent is here.",
        "Dear John,\n\nThe report that you sent is here.\n\nKind regards",
    ),
    "a sign-off over a longer name": (MAIL, f"{PROSE}\n\nBest regards,\nMia Chen", f"Hi,\n\n{PROSE}\n\nCheers,\nMia Chen"),
    "a greeting before an emoji": (MAIL, f"Hello Bo! 👋 {PROSE}", f"Hi Bo! {PROSE}\n\nCheers,\nMia"),
    "a word that was written once": (
        [*PLAIN, "They inform us in May."],
        "Please inform him. We purchase it.",
        "Please inform him. We buy it.",
    ),
    "no sign-off below a letter in the window before": (
        MAIL,
        f"I wrote a note for her.\n\nDear Helen,\n\n{FILL}\n\nWith heartfelt sympathy,\n[Your name]\n\n{STEP} A card has less room, and its lines "
        "are short; so take the first and the last of them for one.",
        None,
    ),
    "no greeting above a letter in the next window": (MAIL, f"{FILL}\n\nDear Helen,\n\n{FILL}\n\nYours ever,\nAnn\n\n{STEP}", None),
    "no frame around what is led in": (MAIL, f"Here is a text for the wall:\n\n{PROSE}", f"Here's a text for the wall:\n\n{PROSE}"),
    "nor of that whose begin is far from its end": (MAIL, f"Of the old town we know this:\n\n{FILL}\n\n{FILL}\n\n{FILL}", None),
    "a frame around three windows": (MAIL, f"{FILL}\n\n{FILL}\n\n{FILL}", f"Hi,\n\n{FILL}\n\n{FILL}\n\n{FILL}\n\nCheers,\nMia"),
    "a greeting is far from the end of its letter": (
        BOTH,
        f"Dear Ann,\n\n{FILL}\n\n{FILL}\n\n{FILL}",
        f"Dear Ann,\n\n{FILL}\n\n{FILL}\n\n{FILL}\n\nYours ever,\nHal",
    ),
    "nor around a thread": (MAIL, f"We have it.\n\n1/ {PROSE}\n\n2/ {PROSE}\n\nThe end.", None),
    "no sign-off without a greeting": (BOTH, PROSE, None),
    "but for who signs without": (SIGNED_ONLY, PROSE, f"{PROSE}\n\nYours ever,\nHal"),
    "and below one that is there": (BOTH, f"Dear Ann,\n\n{PROSE}", f"Dear Ann,\n\n{PROSE}\n\nYours ever,\nHal"),
    "what is meant at the end": (
        MAIL,
        f"Dear Ann,\n\n{PROSE}\n\nWith deepest sympathy,\nEve",
        f"Hi Ann,\n\n{PROSE}\n\nWith deepest sympathy,\nEve",
    ),
    "a document": (MAIL, DOCUMENT, DOCUMENT),
    "a list inside": (MAIL, LISTED, f"Hi,\n\n{LISTED}\n\nCheers,\nMia"),
    "a document that ends with a list": (MAIL, LISTED.rpartition("\n\n")[0], None),
    "a letter with a list inside": (MAIL, f"Hello Sam,\n\n{LISTED}", f"Hi Sam,\n\n{LISTED}\n\nCheers,\nMia"),
    "an answer of two sentences": (
        MAIL,
        "The bus leaves at nine from the old bridge. Its seats are green.",
        "The bus leaves at nine from the old bridge. Its seats are green.",
    ),
    "prose": (MAIL, f"{PROSE}", f"Hi,\n\n{PROSE}\n\nCheers,\nMia"),
    # contractions
    "before a mark": (SHORT, "If you do not, they go. They do not.", "If you don't, they go. They don't."),
    "after a label": (
        SHORT,
        "**Warning:** Do not open the case. Note: Do not touch it.",
        "**Warning:** Don't open the case. Note: Don't touch it.",
    ),
    "two habits": (
        HALF,
        "You'll see. They're here. It isn't big. We haven't met.",
        "You'll see. They're here. It is not big. We have not met.",
    ),
    "after a quotation, a bracket and an abbreviation": (
        LONG,
        "The flag \"x\" isn't set. The table (see below) isn't large. The U.S. doesn't agree.",
        'The flag "x" is not set. The table (see below) is not large. The U.S. does not agree.',
    ),
    "after a phrase that goes": (LONG, "It's important to note that you'll need a permit.", "You will need a permit."),
    "in a stock sentence of the user's own": (
        [f"Please do not hesitate to contact me about week {w}. I do not think that it is late." for w in WEEKS],
        "Please don't hesitate to contact me if it's late.",
        "Please do not hesitate to contact me if it is late.",
    ),
    "before a preposition": (
        SHORT,
        "You are on the list. See where you are on Mondays.",
        "You're on the list. See where you are on Mondays.",
    ),
    # case and last stops
    "a name in code": (
        LOW,
        "Python is slow. Run this:\n\n```\nsudo python x.py\n```",
        "Python is slow. run this:\n\n```\nsudo python x.py\n```",
    ),
    "and a pronoun": (LOW, "The oven is hot. In conclusion, I am fine.", "the oven is hot. i'm fine"),
    "and a word that is edited, too": (
        LOW,
        "The oven is hot. Remember that it is fun and we like it.",
        "the oven is hot. it's fun and we like it",
    ),
    "a phrase that goes from a text with capitals": (
        SHORT,
        "It's hot. Remember that it is fun and we like it.",
        "It's hot. It's fun and we like it.",
    ),
    "what cannot be, without an apostrophe": (CHAT, "you can't go there, and i won't", "u cant go there, and i wont"),
    "what cannot be, at the start": (CHAT, "The rocks are there. You cannot sell them.", "the rocks are there. u cant sell them"),
    "a word that is a part of another": (CHAT, "Ultimately you win. You can sell it.", "ultimately u win. u can sell it"),
    "who calls most things out": (
        CALLS,
        "You can do this today. We go by bus. It leaves at nine every day of the week but this one. It takes us there.",
        "You can do this today! We go by bus! It leaves at nine every day of the week but this one. It takes us there!",
    ),
    "no step of a list": (CALLS, "Do this:\n\n1. Take your bag. \n2. Find your key.", "Do this:\n\n1. Take your bag. \n2. Find your key."),
    "nothing that is no news to call out": (CALLS, "You are not late. Sorry about your bag.", "You are not late. Sorry about your bag."),
    "nothing grave": (
        CALLS,
        "That sounds hard for you. First, tell your boss. You might ask me.",
        "That sounds hard for you. First, tell your boss. You might ask me.",
    ),
    "who calls little out": (FEW_CALLS, "You can do this today. It is nice.", "You can do this today. It is nice."),
    "a stop before what goes": (LOW, "The oven is hot. It is fun. I hope this helps!", "the oven is hot. it's fun"),
    "a stop before an emoji": (LOW, "The oven is hot. It is fun. 🙂\n\nWe like it.", "the oven is hot. it's fun\n\nwe like it"),
    "a call before an emoji that goes": (
        LOW,
        "The oven is hot.\n\nIt is fun! 😋\n\nFor now:\n\n- It is fun! 🎉🙂\n- We like it.",
        "the oven is hot\n\nit's fun\n\nfor now:\n\n- it's fun\n- we like it",
    ),
    "a call before an emoji that stays": (
        [*(text.lower() for text in CHEERY), *LOW],
        "It is fun! 😋\n\nEnjoy! 😋 We like it.",
        "it's fun 😋\n\nenjoy. 😋 we like it",
    ),
    "a call before an emoji, for who ends with stops": (SHORT, "It is fun! 😋\n\nWe like it.", "It's fun.\n\nWe like it."),
    "a stop that stays": (SHORT, "The oven is hot. It is fun. I hope this helps!", "The oven is hot. It's fun."),
    "a list of commands": (LOW, "1. Chop the onion.\n2. Open the file.", "1. chop the onion\n2. open the file"),
    "after a phrase that goes, small": (LOW, "The oven is hot. In conclusion, baking is fun.", "the oven is hot. baking is fun"),
    "a last exclamation": (
        LOW,
        "Add the milk.\n\nThe bread is also delicious with a little honey. Enjoy!",
        "add the milk\n\nthe bread is also delicious with a little honey. enjoy",
    ),
    "an application that is a request": (
        ["You can find it in the app.", "Open the app. The app is free.", "We changed the app, as it was slow. I like the app."],
        "Thank you for considering my application. The job application form is online.",
        None,
    ),
    "after speech": (LOW, 'She said "I am sure." There was a pause. It went on.', 'she said "I am sure." there was a pause. it went on'),
    "labels": (LOW, "**Q: Is it safe?**\nA: Yes. All of it is.", "**Q: Is it safe?**\nA: Yes. all of it is"),
    "a heading's capitals": (SHORT, "## What Is It?\n\nIt is a plant.", "## What Is It?\n\nIt's a plant."),
    "behind a label, without an apostrophe": (
        CHAT,
        "2. **Pale skin** – It's often inside the lower eyelids.",
        "2. **pale skin** – Its often inside the lower eyelids",
    ),
    "no apostrophes": (
        CHAT,
        "It is hard, and they don't know it. We will see John's.",
        "its hard, and they dont know it. we will see John's",
    ),
    "and with them": (SHORT, "They do not know it.", "They don't know it."),
    "a short form at the start": (
        CHAT,
        "Please call, or your friends will go. You can rent a boat for two hours.",
        "pls call, or ur friends will go. u can rent a boat for two hours",
    ),
    "a short form of two words": (
        CHAT,
        "You are on time and you're not alone, so bring your friends. We know who you are.",
        "ur on time and ur not alone, so bring ur friends. we know who u are",
    ),
    "a short form of one of the two": (
        ["ur friend called. you're late. tell me if you're here", "ur dog is fine. u know you're late, and ur mum knows"],
        "You're late, and your friend called.",
        "you're late, and ur friend called.",
    ),
    "every place of a word that the user never writes": (
        [f"I bought it in week {w}. It is crucial to begin." for w in WEEKS[:4]],
        "To purchase one is easy. We purchased it and they purchased one. You can purchase a ticket. Purchase the other. He had purchased it.",
        "To buy one is easy. We bought it and they bought one. You can buy a ticket. Buy the other. He had bought it.",
    ),
    "two formal words that share one of theirs": (
        [f"I bought it in week {w}. We get one." for w in WEEKS[:4]],
        "In order to purchase it, call.",
        "In order to buy it, call.",
    ),
    "who writes kindly": (KINDLY, "Please send it. It is late. Please reply to me.", "Kindly send it. It is late. Kindly reply to me."),
    "what is no request": (
        KINDLY,
        "Please know that we care. Please feel free to call. Please be assured of it. Please accept our thanks. Please remember me.",
        None,
    ),
    "who writes it now and then": (
        [f"{text} Please call. Please note it. Please wait." for text in KINDLY],
        "Please send it. Please reply.",
        None,
    ),
    # words
    "a word that is written short": (
        [*PLAIN, *APPROX],
        ABOUT,
        "It takes approx. two weeks. Approx. 5 came, 6 approximately.",
    ),
    "one that is written short without its stop": (
        [*PLAIN, *(text.replace("approx.", "approx") for text in APPROX)],
        "It takes approximately two weeks.",
        "It takes approx two weeks.",
    ),
    "one that was written short once": ([*PLAIN, "We need approx. 5."], ABOUT, "It takes about two weeks. About 5 came, 6 approximately."),
    "one that is written short, in a formal letter": ([*PLAIN, *APPROX], f"Dear Ms. Hill,\n\n{ABOUT} {STEP}", None),
    "because with a slash": (
        ["we left b/c it was late", "i like it b/c of the sea", "ask ann b/c she knows"],
        "We left because it rained. Because it rained, we ate there, just because. It is because of you.",
        "we left b/c it rained. because it rained, we ate there, just because. it is b/c of you",
    ),
    "without with a slash": (
        ["we left w/o it", "i did it w/o asking", "go w/o me"],
        "We left without it. Without it, we ate nothing, and it is one without which we do without.",
        "we left w/o it. without it, we ate nothing, and it is one without which we do without",
    ),
    "once with a slash": (["we left w/o it", "i did it without asking", "i went on foot"], "We left without it.", "we left without it"),
    "without with a slash, of who spells it out": (["We left without it.", "They did it without us."], "Go w/o me.", "Go without me."),
    "because with a slash, among symbols": (
        ["we left b/c it was late", "i like it b/c of the sea", "ask ann b/c she knows"],
        "So x is there because d is b.",
        "so x is there because d is b",
    ),
    "the stop of vs.": (["It was us vs. them.", "Cats vs. dogs.", "It was me vs. you."], "It is red versus blue.", "It is red vs. blue."),
    "the user's own of a pair": (PERHAPS, "Perhaps you could begin with the smallest task today. Perhaps you should call.", None),
    "behind a bold lead": (
        PLAIN,
        "- **Cost:** Numerous people like the service.\n- **Time:** It is late.",
        "- **Cost:** Many people like the service.\n- **Time:** It is late.",
    ),
    "no enough reason": (PLAIN, "It is necessary and sufficient. There is no sufficient reason. He is solely responsible.", None),
    "not now": (PLAIN, "We are not currently hiring. We deal with difficult customers. Click on the currently selected row.", None),
    "what is advisable": (
        [*SHORT, *(f"It's best to call in week {w}." for w in WEEKS)],
        "It is advisable to call, and it's advisable to wait.",
        "It's best to call, and it's best to wait.",
    ),
    "who needs to, of others and of the reader": (
        PLAIN,
        "You must keep the data safe. We must start.",
        "You must keep the data safe. We need to start.",
    ),
    "a word of degree before what there may be more or less of": (
        [f"{NO_DASH[n]} It's a really good one, and I was really happy." for n in range(6)],
        "I'm very excited about it. She's very polite, an extremely cautious person. It was very cold, and very true. It very much pleased us.",
        "I'm really excited about it. She's really polite, an extremely cautious person. It was really cold, and very true. It very much pleased us.",
    ),
    "who says somebody": (
        ["I know somebody there.", "We asked everybody.", "Is anybody there?"],
        "Someone should tell everyone, since no one knows.",
        "Somebody should tell everybody, since nobody knows.",
    ),
    "who said so twice": (["I know somebody there.", "We asked everybody."], "Someone should tell everyone.", None),
    "who says somebody as often as not": (
        ["I know somebody there.", "We asked everybody.", "Is anybody there?", "I know someone there.", "We asked everyone."],
        "Someone should tell everyone.",
        None,
    ),
    "who says somebody, and no one": (
        [*(f"I know somebody in week {w}, and everybody there." for w in WEEKS), "We saw no one."],
        "Someone should tell everyone, since no one knows.",
        "Somebody should tell everybody, since no one knows.",
    ),
    "who says someone, and was not seen to say no one": (
        ["I know someone there.", "We asked everyone.", "Is anyone there?"],
        "Somebody should tell everybody, since nobody knows.",
        "Someone should tell everyone, since nobody knows.",
    ),
    "who says someone, and no one": (
        ["I know someone there.", "We asked everyone.", "No one was there."],
        "Somebody should tell everybody, since nobody knows.",
        "Someone should tell everyone, since no one knows.",
    ),
    "hardest": (PLAIN, "It was the most difficult part.", "It was the hardest part."),
    "spelling of titles": (
        ["We organise it and realise that it is a fortnight."],
        "## Optimize Your Day\n\nIt is late.\n\n## 1. Recognize the Signs\n\nThey are few.\n\n## Step 2: Optimize It",
        "## Optimise Your Day\n\nIt is late.\n\n## 1. Recognise the Signs\n\nThey are few.\n\n## Step 2: Optimize It",
    ),
    "spelling by what shows none": (
        ["We went towards the house.", "It came towards us.", "Look towards the sea."],
        "The color of it is nice.",
        None,
    ),
    "spelling before a list": (
        [
            "My favourite colour is grey.",
            "I realise that the theatre is at the centre of town.",
            "The neighbours apologised for their behaviour.",
        ],
        "To reproduce the behavior:\n\n1. Set color: red.\n\nAluminum is light.",
        "To reproduce the behaviour:\n\n1. Set color: red.\n\nAluminium is light.",
    ),
    "more of them than of hers": (PLAIN, "It is crucial to check it.", "It is important to check it."),
    "a title stays as it is": (LOW, "She read *Pride and Prejudice* again.", "she read *Pride and Prejudice* again"),
    "a title at the start, too": (LOW, "*Pride and Prejudice* is long, and I like it.", "*Pride and Prejudice* is long, and i like it"),
    "her own i": (SMALL, "Yes, I'm here. I think I will go, and I have it.", "yes, i'm here. i think i'll go, and i have it"),
    "her own i in bare contractions": (
        ["ok im late. i didnt see it", "dont wait, ill be there", "nah i cant", "ive got it, im in"],
        "I do not know. I am late, and I will not go.",
        "i dont know. im late, and i wont go",
    ),
    "a new sentence and a short form": (STOPS, "It rained a lot; it is late.", "It rained a lot. It's late."),
    "a list of clauses": (SHORT, "Write down what happened, when it did, and who was there.", None),
    "Mr Bennet": (DOCTORS, "Mr. Bennet and Dr. Hale left.", "Mr Bennet and Dr Hale left."),
    # dashes
    "who never writes a dash": (NO_DASH, "We took the long way — the only one open then.", "We took the long way, the only one open then."),
    "who never writes a dash, before a sentence": (
        NO_DASH,
        "It's not slow — it's late. We took one — they are cheap, and prices may rise.",
        "It's not slow. It's late. We took one. They are cheap, and prices may rise.",
    ),
    "who never writes a dash, before what explains": (
        NO_DASH,
        "The rule is clear — prices in May will rise.",
        "The rule is clear: prices in May will rise.",
    ),
    "who never writes a dash, before a list": (
        NO_DASH,
        "He wrote about what people know — love, age, and the sea.",
        "He wrote about what people know: love, age, and the sea.",
    ),
    "who never writes a dash, around an aside": (
        NO_DASH,
        "The fear of small things — spiders, mice, and moths — is old.",
        "The fear of small things (spiders, mice, and moths) is old.",
    ),
    "who never writes a dash, before more of it": (
        NO_DASH,
        "If it rains, they stay at home — and when it is dry, they go.",
        None,
    ),
    "who never writes a dash, after a lead and an answer": (
        NO_DASH,
        "- **A modem** — this is the first.\n\nNo — it is not late.",
        "- **A modem**: this is the first.\n\nNo, it is not late.",
    ),
    "who writes one before I": (
        [*NO_DASH, *(f"Just a quick one - I've seen week {w}." for w in WEEKS)],
        "We took the long way — the only one open then. It is so — or not.",
        "We took the long way - the only one open then. It is so - or not.",
    ),
    "a dash beside a contraction": (
        [*EN, *SHORT, *SHORT],
        "I have one cat — she is very quiet. The plan is old — it is cheap. It is late — I am tired.",
        "I have one cat – she's very quiet. The plan is old – it's cheap. It's late – I'm tired.",
    ),
    "who joins by semicolons": (
        [*NO_DASH, *(f"We left in week {w}; it was late. They came; we were glad." for w in WEEKS)],
        "You are not weak — you are human.",
        "You are not weak; you are human.",
    ),
    "who never writes a dash, after a condition": (
        NO_DASH,
        "If the boiler breaks, it's not your problem — your landlord is the one to call.",
        "If the boiler breaks, it's not your problem. Your landlord is the one to call.",
    ),
    "who never writes a dash, after a comma": (
        NO_DASH,
        "You can use green ones, but they need more time — about half an hour.",
        "You can use green ones, but they need more time, about half an hour.",
    ),
    "who never writes a dash, after what is none": (NO_DASH, "In the old town, the house with the red door — your uncle's is there.", None),
    "who never writes a dash, before a question": (NO_DASH, "The rule is clear — what does it say of May?", None),
    "who never writes a dash, before a plural and its verb": (
        NO_DASH,
        "Keep it short, then — managers typically skim. It is short — managers typically skim.",
        "Keep it short, then — managers typically skim. It is short. Managers typically skim.",
    ),
    "a dash after vs.": (
        EN,
        "It depends on the kind of load — reads vs. writes — and on time.",
        "It depends on the kind of load – reads vs. writes – and on time.",
    ),
    "who joins clauses by semicolons": (
        [f"It was late in week {w}; we left. It rained. He came; she did not. They sat. It is good. We won." for w in WEEKS],
        "It is small; it works. He left; they stayed.",
        None,
    ),
    "a heading with capitals": (LONG, "# It Doesn't Cost Much\n\nIt doesn't.", "# It Doesn't Cost Much\n\nIt does not."),
    "a formal letter of who writes no apostrophe": (
        CHAT,
        "Dear Ms. Hale,\n\nI have attached a plan. It does not suit us.\n\nSincerely,\nAnn",
        "Dear Ms. Hale,\n\nI've attached a plan. It doesn't suit us.\n\nSincerely,\nAnn",
    ),
    "a formal letter with curly apostrophes of who writes none": (
        CHAT,
        "Dear Ms. Hale,\n\nI have attached the tenants’ plan.\n\nSincerely,\nAnn",
        "Dear Ms. Hale,\n\nI’ve attached the tenants’ plan.\n\nSincerely,\nAnn",
    ),
    "no letter of who writes no apostrophe": (
        CHAT,
        "I have attached a plan. It does not suit us.",
        "Ive attached a plan. it doesnt suit us",
    ),
    "a formal word that was seen twice": (REQUIRED[1:], "We need a form.", None),
    "a formal word that was seen thrice": (REQUIRED, "We need a form.", "We require a form."),
    "who writes no dash in 800 words": (
        NO_DASH[:32],
        "The plan is old — it is cheap. Additionally, the bus was late.",
        "The plan is old. It is cheap. Additionally, the bus was late.",
    ),
    "who writes no dash in fewer": (NO_DASH[:28], "The plan is old — it is cheap.", None),
    "spelling of who mixes both": (MIXED, "The neighbouring house is gray.", None),
    "spelling of who spells one word otherwise": (
        [*MIXED, "My favorite center has a gray door."],
        "The neighbouring house is grey.",
        "The neighboring house is gray.",
    ),
    "who never writes a dash, beside a list": (
        NO_DASH,
        "We have apples — red ones — pears, and plums. We have three things — soup, bread — and a beer.",
        None,
    ),
    "who never writes a dash, within a sentence before and": (
        NO_DASH,
        "The plan — the one of May — was late, and we left.",
        "The plan (the one of May) was late, and we left.",
    ),
    "who never writes a dash, after who says it": (NO_DASH, "According to the agency, the water is safe — it has been tested.", None),
    "both dashes of a pair": (
        EN,
        "Costs rose last year — mostly in R&D — and sales fell. Some of the clients — those built before 2015 — do not support it.",
        "Costs rose last year – mostly in R&D – and sales fell. Some of the clients – those built before 2015 – do not support it.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rewrites(name):
    texts, draft, wanted = CASES[name]
    found = rewrite(texts, draft)
    assert (found.text, found.verdict.reverted) == (draft if wanted is None else wanted, ())


def test_an_opener_that_was_put_in_is_known_in_the_next_sentence_of_a_stream():
    draft = "We left. However, it was late. However, we had a car. It is far. However, it works."
    wanted = "We left. But it was late. However, we had a car. It is far. But it works."
    assert rewrite(APART, draft, windows="sentences").text == wanted


def test_in_a_stream_the_rule_below_an_opener_goes_with_it():
    assert rewrite(SHORT, f"Great question!\n\n---\n\n{STEP}", windows="sentences").text == STEP


@pytest.mark.parametrize(
    ("draft", "added"),
    [
        (PROSE, ("", "")),
        (FILL, ("Hi,\n\n", "\n\nCheers,\nMia")),
        (f"Hi Ann,\n\n{PROSE}", ("", "\n\nCheers,\nMia")),
    ],
)
def test_a_stream_is_framed_as_its_first_sentence_is(draft, added):
    assert rewrite(MAIL, draft, windows="sentences").text == draft.join(added)


@pytest.mark.parametrize(
    ("preferences", "draft", "wanted"),
    [
        ({"greeting": "Dear all"}, "Hi Dr. Lee,\n\nThe report is here.", "Dear all,\n\nThe report is here."),
        ({"greeting": "none"}, "Hi John,\n\nThe report is here.", "The report is here."),
        ({"headings": "never"}, "# The plan\n\nThe report is here.", "The plan\n\nThe report is here."),
        ({"headings": "never", "emoji": "never"}, "# 🎉 The plan\n\nThe report is here.", "The plan\n\nThe report is here."),
        ({"bullets": "never"}, "We have:\n\n- a report\n- a plan", "We have:\n\na report\n\na plan"),
        ({"bullets": "*"}, "We have:\n\n- a report\n- a plan", "We have:\n\n* a report\n* a plan"),
        ({"bold": "never"}, "- **Report:** the **long** one", "- Report: the long one"),
        ({"bold": "never"}, "- **See https://x.org:** low\n- **5** days", "- **See https://x.org:** low\n- 5 days"),
        ({"bold": "never"}, "**Serves:** 4 | **Prep:** 5", "Serves: 4 | Prep: 5"),
        ({"bold": "never", "case": "lower"}, "**The plan**\n\n**Open it.** It is late.", "The plan\n\nopen it. it is late."),
        ({"bold": "never"}, "**Step 1: Open it.** Use the **Pixel 9** for it.", "Step 1: Open it. Use the Pixel 9 for it."),
        ({"dash": "comma"}, "It is *bold* — and fine.", "It is *bold*, and fine."),
        ({"dash": "comma", "bold": "never"}, "It is **bold** — and fine.", "It is bold, and fine."),
        ({"dash": "comma", "bold": "never"}, "The **sea** — it was cold — was near.", "The sea (it was cold) was near."),
        ({"dash": "comma"}, "We met Ann — Bob was late — and left.", "We met Ann — Bob was late — and left."),
        ({"sign_off": "none"}, "The report that you sent is here.\n\nBest regards,\nAnn Lee", "The report that you sent is here.\n\n"),
        ({"stock_phrases": "drop"}, "In conclusion, the new design saves ten minutes a day.", "The new design saves ten minutes a day."),
    ],
)
def test_preferences(preferences, draft, wanted):
    assert rewrite(LONG, draft, preferences).text == wanted


@pytest.mark.parametrize(
    ("preferences", "draft"),
    [
        ({"greeting": "none"}, "Good morning never works. We meet on Monday."),
        ({"greeting": "none"}, "Hey do not sign!\n\nWe meet on Monday."),
        ({"greeting": "hi all"}, "Hey not Bob! We meet on Monday."),
        ({"sign_off": "none"}, "We meet on Monday and talk.\n\nTake care\nof Ann and never feed her at night"),
        ({"sign_off": "none"}, "We meet on Monday and talk.\n\nThanks - but never on Tuesday"),
        ({"sign_off": "none"}, "We meet on Monday and talk.\n\nThanks,\n- eggs"),
    ],
)
def test_no_sentence_goes_as_a_greeting_or_sign_off(preferences, draft):
    found = rewrite(LONG, draft, preferences).text
    assert not any(word in draft and word not in found for word in ("never", "not", "eggs"))


@pytest.mark.parametrize("word", ["as was his wont", "Jony Ive said so", "send me an IM", "they spoke in cant"])
def test_words_that_look_like_contractions_without_an_apostrophe_stay(word):
    assert word in rewrite(LONG, f"We know that {word} in May.", {"contractions": "never"}).text


def test_what_is_stated_outranks_the_users_own_word_of_a_pair():
    assert rewrite(PERHAPS, "Perhaps you should call.", {"words": "plain"}).text == "Maybe you should call."


def test_every_place_of_what_is_stated_changes_even_two_side_by_side():
    draft = "In order to purchase it, come prior to May. He did it in order to utilize it prior to that."
    assert rewrite(PERHAPS, draft, {"words": "plain"}).text == "To buy it, come before May. He did it to use it before that."


def test_emoji_that_lead_lines_go_together():
    some = ["It is late 🙂 now. It is far. We left. They came. We are here. It is fine. Nobody knew."] * 6
    draft = "We have these:\n\n- 🔥 fire\n- 💊 pills\n- 🛏️ beds\n- ▶️ films"
    assert rewrite(some, draft).text == "We have these:\n\n- fire\n- pills\n- beds\n- films"


@pytest.mark.parametrize(
    ("draft", "wanted"),
    [
        ("We have:\n\n✅ **Beds** for all\n✅ Soap\n\nIt is late.", "We have:\n\n- **Beds** for all\n- Soap\n\nIt is late."),
        ("🎉 It is late.\n\n✅ They came.", "It is late.\n\nThey came."),
        ("We have these:\n\n- 🔥 fire\n- 💊 pills", "We have these:\n\n- fire\n- pills"),
    ],
)
def test_emoji_that_are_bullets_become_bullets(draft, wanted):
    some = ["It is late now. It is far. We left. They came. We are here. It is fine. Nobody knew."] * 6
    assert rewrite(some, draft).text == wanted


def test_a_users_sign_off_behind_words_that_the_draft_has_too_is_no_leak():
    some = [f"I saw the flat in week {w}.\n\nI look forward to hearing from you.\n\nSincerely,\nEve Hale" for w in WEEKS]
    draft = "The flat was cold.\n\nI look forward to hearing from you.\n\nBest regards,\nIda Moss"
    assert rewrite(some, draft).text == draft.replace("Best regards", "Sincerely")


def test_a_reason_names_the_mark_that_is_written():
    joined, draft = CASES["who joins by semicolons"][:2]
    found = rewrite(joined, draft)
    assert [edit.reason for edit in found.edits] == [
        "dashes: 'semicolon', since there is no dash in your 1,724 words, and it joins 16 of 24 of your pairs of clauses"
    ]
    assert [(seen.feature, seen.user) for seen in found.observations] == [("dash", "'none' 100%")]
    parted = rewrite(NO_DASH, draft)
    assert [edit.reason for edit in parted.edits] == ["dashes: 'full stop', since there is no dash in your 1,620 words"]


def test_reasons_say_what_was_seen():
    edits = rewrite(MAIL, "Dear Ann,\n\nIt is done.").edits
    assert "in 2 of your 3 texts" in edits[0].reason
