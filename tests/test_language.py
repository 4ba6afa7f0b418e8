"""language: texts of other languages are told from English ones that have foreign words in them."""

import pytest

from rpo_edge.language import foreign_parts, is_english
from rpo_edge.steps.freeze import freeze


@pytest.mark.parametrize(
    "text",
    [
        "Het theater in de stad is open en we waren er in de winter. Was het wat laat? Over een uur of twee gaan we weer.",
        "We zijn in het park geweest en het was warm. Of het morgen ook zo is weet ik niet, maar over een week is er regen.",
        "Die huis is in die stad en ons was daar in die winter. Was dit so laat? Hy is my pa en hulle is almal so bly.",
        "Es war so warm in der Stadt, dass man in der Bar am See saß. Was will man mehr? Am Ende war es so still in der Bar.",
        "On a fait un test sur le site et il a plus de bugs. Le nom du client est sur la page, on me dit que on a un an.",
        "No fim do dia a gente vai a pé a praia do norte, e o avô me deixa as chaves do carro no café do centro.",
        "No me ha dicho a que hora he de ir a la casa. He visto a tu hermano y no me ha dicho nada de la fiesta.",
        "In hoc libro is qui in urbe est me in animo habet, et in foro is est quod in villa, sed in hac re no est.",
    ],
)
def test_long_texts_of_languages_that_share_words_with_english_are_told(text):
    assert not is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "We were in The Hague in the winter, and the theatre de la Ville was open over the holidays, so it was fun.",
        "The de facto rule of Los Angeles, Las Vegas, El Paso and La Jolla is that most people drive, even to the shop.",
        "Smith et al. (2003), Jones et al. (2007) and Brown et al. (2011) found that the effect is small and goes away.",
        "Her menu had soupe du jour, crème brûlée and vin de table, but the rest of it was still with their printer.",
        "In Spanish one would say: no me gusta nada. That means that you do not like it, and it is quite strong.",
        "for i in range(n): if i in seen: do it or exit, so on a miss it is over, and we go on as is",
        "Use 10-12 repetitions per leg, 3 sets per side, and as many as possible on the last day of the week.",
    ],
)
def test_long_english_texts_may_have_foreign_words(text):
    assert is_english(text)


SPANISH = "El color de la casa es gris, y el labor del doctor no es normal."


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"Here is the translation. It is not long.\n\n{SPANISH}\n\nThat is all.", [SPANISH]),
        (f"Here it is: yes.\n{SPANISH}\nThat is all of it.", [SPANISH]),
        (f"It is this. {SPANISH} That is all.", [SPANISH]),
        (f"Both are here:\n\n- The color is gray, and that is it.\n- {SPANISH}\n", [SPANISH]),
        ("He says this:\n\nIch bin so müde. Guten Tag! Das ist nicht so.\n\nOk.", ["Ich bin so müde.", "Guten Tag!", "Das ist nicht so."]),
        ("It is this.\r\n\r\nLa casa es gris.\r\nNo.\r\n\r\nIt is not.", ["La casa es gris.", "No."]),
        ("It is here: now.\n\nМы не знаем, что это.\n\nIt is not.", ["Мы не знаем, что это."]),
        ("**Dutch:** Het is in de stad.\n\nIt is not.", ["Het is in de stad."]),
        ("Say it so: now.\n\n色彩在脑海中舞蹈!\n\nIt is not.", ["色彩在脑海中舞蹈!"]),
    ],
)
def test_parts_in_another_language_are_found(text, parts):
    assert [text[start:end] for start, end in foreign_parts(text, freeze(text))] == parts


@pytest.mark.parametrize(
    "text",
    [
        "It is not so. We do not know.",
        "The café is open. Send your résumé to Zoë, and don’t be naïve.",
        "Joanna de la Vega was sitting in her office, waiting for Nicolas to arrive for the interview.",
        "The volume of a sphere is V = (4/3)πr³, and θ and φ are in kΩ.\n\nλx = μy",
        "He said “Ich bin so müde” twice.",
        "`el color de la casa` is a name, and so is `die Farbe des Hauses`.",
        "Smith et al. found it.\n\n- Los Angeles\n- La Jolla\n- El Paso",
        "It has a certain je ne sais quoi, as they say in the shops of the town and on the pier.",
    ],
)
def test_no_part_of_an_english_text_is_foreign(text):
    assert foreign_parts(text, freeze(text)) == []
