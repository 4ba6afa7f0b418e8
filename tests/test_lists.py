"""The Oxford comma: plain lists are counted with the comma and without it, and what only looks like a list is not."""

import pytest

from rpo_edge.features.lists import OXFORD

LISTS = """
We need eggs, milk and bread for the weekend.
He visited Paris, Rome and Berlin last year.
She likes books, films and music.
You see gardens, washing lines and abandoned caravans.
I'll pack three jumpers, two books and a torch.
They have a drawer with the batteries, the menus and a theatre programme.
Tom, Ann and Bob came to dinner.
The soup was hot, salty and thick.
She washed, dried and folded the shirts.
On Sundays we cook, clean and shop.
We can go by train, bus or car.
He bought a hammer, a small saw and some nails.
My brother keeps hens, ducks, geese and two goats.
The kids want pizza, ice cream and a film.
Her talk covered tax, pensions and the cost of housing.
Apples, pears and plums grow behind the house.
It's a quick, cheap and tasty meal.
He spoke slowly, clearly and calmly.
I spent the day reading, sleeping and drinking tea.
We met Sarah, Ahmed and the twins at the station.
Red, green or blue paint will do.
We sell eggs, milk and bread, along with jam.
The report looks at schools, hospitals and roads in the north.
Her bag held keys, coins, old receipts and a pen.
They walked along the river, over the bridge and into the woods.
You can pay with cash, a card or a phone.
I opened the door, switched on the light and sat down.
The team has two nurses, a doctor and an old driver.
Please bring a coat, warm socks and good boots.
I want to learn Spanish, travel more and read the classics.
Is it for you, your sister or your mum?
""".strip().splitlines()
MISSED = 7  # the last of LISTS: an apposition or two clauses may begin so

NO_LISTS = """
My brother, Tom and I went home.
When it rained, Tom and Ann left.
In the morning, bread and butter is served.
In Paris, Tom and Ann met.
Unlike tea, coffee and cocoa are bitter.
Walking home, Ann and Bob sang.
Born in Rome, Ann and Bob speak Italian.
All in all, cats and dogs fight.
Yeah, tea and coffee are fine.
He came home, ate and slept.
The car stopped, doors and windows opened.
It saves space, helping users and teams.
The garden was full of colour, bright and warm.
It was a quiet night, cold and wet.
He sat by the fire, reading and smoking.
She has long, dark hair and blue eyes.
He heard a quick, sharp knock and a bell.
They invited her parents, a nurse and a driver.
There was one problem, time and money.
They love it, hobbyists and experts alike.
It began on May 21, 1971 and some weeks later it ended.
She waited, her eyes closed and her hands cold.
Tools, such as saws, lack power and weight.
Some tools (e.g., saws and axes) are old.
The system, trained on large data, finds errors and gaps.
We sent letters to our readers, men and women.
She had a house, its doors closed and its lights off.
Each year at the fair, users get useful and new answers.
Their plan, with help from neighbours, needs time and money.
She met Tom Hill, printer and poet.
They changed the old methods, ALPHA and BETA.
He has land, farm and city lots, and boats.
He is still an engineer, first and foremost.
I know that in Rome, Tom and Ann met.
He was a prince, the guest of England and the hope of France.
""".strip().splitlines()


def seen(text: str) -> list[str]:
    return [site.variant for site in OXFORD.sites(text)]


def with_comma(text: str) -> str:
    head, conjunction, last = max((text.rpartition(word) for word in (" and ", " or ")), key=lambda parts: len(parts[0]))
    return f"{head},{conjunction}{last}"


@pytest.mark.parametrize("text", LISTS[:-MISSED])
def test_a_list_counts_in_either_form(text):
    assert (seen(text), seen(with_comma(text))) == (["no"], ["yes"])


@pytest.mark.parametrize("text", NO_LISTS)
def test_what_only_looks_like_a_list_does_not_count(text):
    assert not seen(text)


def test_neither_form_is_seen_much_more_often():
    assert len(LISTS) - MISSED <= sum(map(bool, map(seen, map(with_comma, LISTS)))) <= len(LISTS) - MISSED + 5


def test_what_is_only_probable_counts_and_stays():
    (sure,), (probable,) = (list(OXFORD.sites(f"We had {items}.")) for items in ("tea, bread and jam", "eggs, milk and bread"))
    assert (sure.options, probable.options) == ({"yes": ","}, {})
