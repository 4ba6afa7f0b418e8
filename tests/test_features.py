"""Features: what each finds in a text, what it offers, and that an option put in place is read back as that variant."""

import pytest

from rpo_edge.edits import apply
from rpo_edge.features import CHOICES, LABELS, MEASURES
from rpo_edge.records import Edit
from rpo_edge.steps.profile import free_sites, measure

CASES = [  # text, key, variant seen there
    ("It is here.", "contraction:it's", "expanded"),
    ("They don't know.", "contraction:don't", "contracted"),
    ("However, it rained.", "connective_contrast", "formal"),
    ("But it rained.", "connective_contrast", "plain"),
    ("Additionally, it rained.", "connective_addition", "formal"),
    ("So we left.", "connective_result", "plain"),
    ("A hard day.", "register:difficult/hard", "plain"),
    ("My favourite colour.", "spelling:other", "british"),
    ("We organize it.", "spelling:-ise", "american"),
    ("A really good day.", "intensifier", "really"),
    ("You must go.", "obligation", "must"),
    ("Fruit (e.g. pears) helps.", "latin:e.g.", "abbreviated"),
    ("One thing — the best.", "dash", "spaced em"),
    ("One thing--the best", "dash", None),
    ("It rained; we left.", "semicolon", "semicolon"),
    ("We had tea, bread, and jam.", "oxford_comma", "yes"),
    ("We had tea, bread and jam.", "oxford_comma", "no"),
    ("They sell parts such as bolts, brass screws and washers.", "oxford_comma", "no"),
    ("It needs a frame, a wheel that turns, and a brake.", "oxford_comma", None),
    ("You can set up **hooks**, `locks`, and *bolts* first.", "oxford_comma", "yes"),
    ("Nonetheless, it rained.", "connective_contrast", "formal"),
    ("Plus, it rained.", "connective_addition", "also"),
    ("Let's look at it.", "contraction:let's", "contracted"),
    ("Let us know soon.", "contraction:let's", None),
    ("Please let us look at it.", "contraction:let's", None),
    ("They randomised the trial.", "spelling:-ise", "british"),
    ("Fruit (such as pears) helps.", "latin:e.g.", "spelled"),
    ("It rained, and we left.", "clause_comma:and", "yes"),
    ("It rained a lot, but we left.", "clause_join:but", "joined"),
    ("It rained a lot. So we left early.", "clause_join:so", "apart"),
    ("it rained a lot. but the bus was late.", "clause_join:but", "apart"),
    ("He liked bread and the butter that is left.", "clause_join:and", None),
    ("Close it, so that the heat is kept.", "clause_join:so", None),
    ("The plan is old; however, it works.", "semicolon", "semicolon"),
    ("Thanks a lot!", "exclamation:warm", "!"),
    ("The info is here.", "shorthand:information", "info"),
    ("I'm gonna do it.", "shorthand:going to", "gonna"),
    ("Are u there, or r we late?", "shorthand:you", "u"),
    ("We write u = 3.", "shorthand:you", None),
    ("I think ur late.", "you_are", "ur"),
    ("See if you're late.", "you_are", "standard"),
    ("You are late.", "you_are", "standard"),
    ("That's who you are in life.", "you_are", None),
    ("Kindly send it. Could you kindly reply?", "please", "kindly"),
    ("Please send it.", "please", "please"),
    ("Please, it is late. He kindly sent it, if you please. You kindly let me go. Kindly people left.", "please", None),
    ("Each edge (u, v) joins vertex u to another.", "shorthand:you", None),
    ("Thx, k, b/c u know, e.g. now.", "shorthand:you", "u"),
    ("We are going to school.", "shorthand:going to", None),
    ("It is a kind of bird.", "shorthand:kind of", None),
    ("that works for me", "last_stop", "none"),
    ("that works for me\r\n\r\n- one\r\n", "last_stop", "none"),
    ("That works for me.\n\n- A list item of words", "last_stop", "stop"),
    ("- A list item of words", "last_stop", None),
    ("Well... no.", "ellipsis", "dots"),
    ("salt & pepper", "ampersand", "&"),
    ("It’s so.", "apostrophe", "curly"),
    ("And i'm here.", "pronoun_case", "lower"),
    ("Now I think so.", "pronoun_case", "upper"),
    ("Here i is a number and (i) a case.", "pronoun_case", None),
    ("World War I began. Then Queen Elizabeth I ruled, and a type I error came.", "pronoun_case", None),
    ("But so do I.", "pronoun_case", "upper"),
    ("He lives at 5 Elm Dr. The house is red.", "title_stop", None),
    ("Hey, can you come today", "last_stop", "none"),
    ("Italy was happy then.", "exclamation:plain", "."),
    ("The king was happy with it.", "exclamation:plain", "."),
    ("You were happy with it.", "exclamation:warm", "."),
    ("Dr Hale and Mrs Patel.", "title_stop", "none"),
    ("Mr. Bennet left.", "title_stop", "stop"),
    ("They install the desktop applications.", "shorthand:applications", "standard"),
    ("All grant applications are read.", "shorthand:applications", None),
    ("It is kind of you to ask.", "shorthand:kind of", None),
    ("We start in May.\n\nWarm regards,\nJosie Miller", "last_stop", "stop"),
    ("We start then\n\nWarmly,\nJosie", "sign_off", "Warmly,\nJosie"),
    ("A **bold** word.", "bold", "bold"),
    ("# Plans\n\nWe left.", "heading", "marked"),
    ("#hashtag of the day", "heading", None),
    ("  * one\n  * two\n", "bullet", "*"),
    ("- - -\n\n* * *\n\n**Bold** lead", "bullet", None),
    ("Nice 🙂 day.", "emoji", "emoji"),
    ("nothing here is upper case.", "sentence_case", "lower"),
    ("Certainly! Here is it.", "opener", "stock"),
    ("It works well. I hope this helps!", "closer", "stock"),
    ("It's worth noting that it rains.", "announcement", "stock"),
    ("We note that it rains.", "announcement", "none"),
    ("It rains. Overall, we are wet.", "conclusion", "stock"),
    ("We are wet overall, it seems.", "conclusion", "none"),
    ("We use tools such as hammers.", "example", "such as"),
    ("Things like cars are here.", "example", "like"),
    ("She looks like him, and people like me know.", "example", None),
    ("I think we can go.", "that_clause:think", "none"),
    ("It means that they are late.", "that_clause:means", "that"),
    ("I know that man.", "that_clause:know", None),
    ("Hi Bob,\n\nit works.", "greeting", "hi"),
    ("It works for me now.\n\nCheers,\nBob", "sign_off", "Cheers,\nBob"),
]


@pytest.mark.parametrize(("text", "key", "variant"), CASES)
def test_what_is_seen(text, key, variant):
    seen = measure(text).get(key, {})
    assert (variant in seen) if variant else not seen


def test_every_choice_has_a_case():
    assert {key.partition(":")[0] for _, key, variant in CASES if variant} == {choice.name for choice in CHOICES}
    assert len(LABELS) == len(CHOICES) + len(MEASURES)


# Options whose result is no longer a site of the same feature: two sentences, or nothing at all.
_LEAVES = {
    "semicolon",
    "clause_join",
    "example",
    "opener",
    "closer",
    "announcement",
    "conclusion",
    "bold",
    "heading",
    "bullet",
    "emoji",
    "dash",
    "greeting",
    "sign_off",
    "latin",
}


@pytest.mark.parametrize(("text", "key", "variant"), CASES)
def test_an_option_is_read_back_as_its_variant(text, key, variant):
    for site in free_sites(text):
        if site.key != key or site.name in _LEAVES:
            continue
        for other, after in site.options.items():
            changed = apply(text, [Edit(site.start, site.end, text[site.start : site.end], after, "test")])
            read_back = (key, other) != ("apostrophe", "none")  # "its" is a word of its own, too
            assert not read_back or other in measure(changed).get(key, {}), (changed, other)


@pytest.mark.parametrize(
    "text",
    ["So far it works.", "And then?", "Here it is.", "I know who you are.", "In the end, Bob and Ann left.", "Will Smith met Mark Must."],
)
def test_what_must_not_be_changed(text):
    risky = [
        site
        for site in free_sites(text)
        if site.options
        and site.name not in ("sentence_case", "pronoun_case", "exclamation", "last_stop", "shorthand", "greeting", "sign_off")
    ]
    assert not risky


# feature -> texts in which it finds no place that may change
UNSAFE = {
    "contraction": [
        "It has limited support.",
        "It has detailed documentation and mixed reviews.",
        "He has seven children.",
        "It has open windows.",
        "It has known issues.",
        "That was the way it is because of them.",
        "It stays as it is now.",
        "We asked who he is and what he wants.",
        "We know where they are and when.",
        "Be kind, wherever you are in life.",
        "They judge how old it is when sold.",
        "The kids seem as good as they are in school.",
        "It is and always was.",
        "This is who I am because of you.",
        "Yes, it is but not now.",
        "They do so as they will in time.",
        "Do not you see?",
        "It IS good, so do NOT go.",
        "The best part of it is that.",
        "The weather there is nice.",
        "It's taken time.",
        "It's never seen it.",
        "They have limited options.",
        "We have hundred of them.",
        "You have family based in Rome.",
        "They have need of the tools.",
        "He's just left.",
        "That's changed.",
        "I'd also had it.",
        "We'd never seen it.",
        "He'd also been there.",
        "Why don't people care?",
        "Doesn't the code work?",
        "Aren't all cats like that?",
        "Can't everyone come?",
        "Didn't the man go?",
    ],
    "obligation": [
        "Do you must pay?",
        "What do we must do?",
        "All you must do is wait.",
        "Take the tools you must build it.",
        "Whatever you must offer, we take.",
        "If you must contact us, write.",
        "Do they must know?",
        "Do you need to go?",
    ],
    "intensifier": [
        "It is not really good.",
        "It isn't very good.",
        "I'm not quite sure.",
        "A quite different one.",
        "It was not very careful.",
        "How very nice, so very good.",
        "An extremely good day.",
    ],
    "register": [
        "It is 13 m (approximately).",
        "Banks ask for liquidity assistance.",
        "It is a necessary and sufficient condition.",
        "It is paid in addition to the fee.",
        "We look at the constructed graph.",
        "Each letter occurs in exactly one word.",
        "It is a work of philosophical inquiry.",
        "Together with children.",
        "That is part of it, for kids.",
        "We discuss with them.",
        "Please discuss further.",
        "See the frequently asked questions.",
        "They are regarding her as a fool.",
        "At the receiving end.",
        "It grew less crucial and less rapid.",
        "It is emotionally intelligent, and more reliable and intelligent.",
        "We saw a rapid onset and frequently accessed files.",
        "It is mutually beneficial, with a beneficial effect.",
        "We critically examine the text, then examine the body.",
        "Each integer represents a number of days.",
        "A diet has a variety of fruits, nuts, and seeds.",
        "The show has a variety of food.",
        "They acquire the company and initiate a position.",
        "Tag them to notify them or to ask.",
        "It costs more, and therefore, it is rare. It adds weight and thus the need for care.",
        "The joke may require a basic understanding.",
        "How was the problem of heat resolved? Did it resolve the problem of heat?",
        "Use the value to determine which should be first.",
        "There are samples with sufficient number of them.",
        "Rapid Fire is a power.",
        "Perhaps, just perhaps, he will remain the king.",
        "Lay not thy head upon the ground; seek help.",
        "The flowers are numerous,\nAs are the stars.",
        "The rain has occurred,\nOh so blurred.",
        "Statistically significant differences remain.",
        "It is due to the rain. The payment due to the seller is late.",
        "He is challenging the idea of it.",
        "From the beginning to the end, once upon a time.",
        "Regarding the rain, we stay.",
        "They demonstrate in the street.",
        "In times of need a friend helps.",
        "They establish the cause.",
        "A utilized car.",
        "Genetically modified food.",
        "All you need to do is wait.",
        "Do you must use it?",
        "More often than not.",
        "It occurred to me.",
    ],
    "clause_comma": [
        "My wife and I went.",
        "Either you or I go.",
        "Bread and that cheese are here.",
        "Save it so that you win.",
        "Both he and she left.",
        "The cat and that dog are here.",
        "Tell your mum and you will see.",
        "She told me yesterday that my wife and I were late.",
        "Bob, our teacher, and I went home.",
        "Moreover, and this is key, it works.",
        "We have a big\nold house and it is nice.",
    ],
    "oxford_comma": [
        "He went to the last remaining city in the world, Ann and Bob were met by him.",
        "Overall, speed and quality matter.",
        "Yesterday, mum and dad came.",
        "Two long weeks later, mum and dad came.",
        "Unlike dogs, cats and birds fly.",
        "Generally, salt and pepper help.",
        "We met my parents, Ann and Bob.",
        "The house, big and red, is old.",
        "He is, tall and thin, a man.",
        "They had technologies, such as clothing and shelter.",
        "They work in marketing, advertising and promotions, can do it.",
        "They hunted, using their intelligence and cunning.",
        "They learn a lot, incorporating new information and adjusting.",
        "He fell, his spear shattered and his shield broken.",
        # clauses
        "We cleaned the house, the yard, and they left.",
        "Our plan protects the lake, the wood, and we should keep it.",
        "Finally, the road is long, and delays can be expected.",
        "The cats woke early, the dogs slept late, and the birds raised the alarm.",
        "Now, with the king gone, the walls are weak, and their power fades.",
        # appositions and insertions
        "They built a wall, a line of logs with their own stones, and waited for us.",
        "We met Ann, the baker, and Bob.",
        "Tom, an old cat, sleeps and eats.",
        "Ann, tired by now, sleeps and eats.",
        "In short, small towns, or villages, are quiet.",
        "They want, for example, peace, and the end of it.",
        # pairs in one item
        "We need space, light and water pipes, wood too.",
        "She asked for a place, big or small.",
        "He drew a sharper, more stable line and circle.",
        "They walk around the lake, resting and eating there.",
        "It uses files, folders, and more or less, links.",
        "They came from Acme, Inc. and Bolt.",
        # introductions
        "Despite tests like these, cats and dogs fight.",
        "According to them, cats and dogs fight.",
        "Much like a bird, planes and kites fly.",
        "Especially in towns, cats and dogs fight.",
    ],
    "dash": [
        "Revenue - Cost",
        "a - b = c",
        "x - y",
        "low - high",
        "We met Dr. Smith - Jones there today.",
        "We took the New York - London flight here.",
        "- **Lead** - a text that follows",
    ],
    "latin": ["You could, for example, go home."],
    "connective_addition": ["It is so. Moreover, and this is key, it works."],
    "spelling": [
        "We called the Center for Disease Control.",
        "Center for Disease Control is here.",
        "Gray wrote it.",
        "I learned it from a dialog.",
        "Set color: red.",
        "The parking meters are old. See the meters.",
        "It tires me. We never tire of it. This tires them. I tire of the meter.",
        "A story of a check in the program, at the curb, with a license to practice.",
        "The World Food Programme is here.",
    ],
    "opener": ["Absolutely! Cats can eat fish.", "Definitely! Cats can.", "Of course! Cats can.", "Sure! Cats can."],
    "shorthand": [
        "I think ur late.",
        "It is n = 3, where r is the radius.",
        "It has applications in physics.",
        "It is (ad + bc)e.",
        "She lives in a toxic environment.",
    ],
    "example": [
        "Things like cars are here.",
        "Cats, such as lions, roar.",
        "The cold was such as few had felt.",
        "Do what you like, such as reading.",
        "It is such as it is.",
    ],
    "that_clause": ["Life as we know it is over.", "After the show we will eat.", "I know that man."],
    "announcement": [
        "Sure, it is late.",
        "Of course, I could be wrong.",
        "Remember that day we met?",
        "Remember that meeting we had?",
        "Remember that the boys sang?",
        "Please note that iPhone users differ.",
        "Note that `x` is set.",
        "Note that has changed since.",
        "Please note that in your reply.",
        "It is important to know that.",
        "It's important to understand that and act on it.",
        "It is helpful to mention that you can start on Monday.",
        "It is important to remember that everyone is different and that they can be.",
        "It is important to note that the sea is wide, and that the sky is.",
        "As an AI, Samantha falls in love.",
        "As a large, old house, it leaks.",
        "It is worth noting that i is an index.",
    ],
    "conclusion": [
        "Overall, 5 people came.",
        "Overall, we sold it to 5 people.",
        "Overall, twenty people came.",
        "Overall, sales rose by a third.",
        "To summarize, click the button.",
        "Ultimately, the jury found him guilty.",
        "In summary, *no*.",
    ],
    "sentence_case": [
        "# The Best Way",
        '"Yay!" he said.',
        "“Yay!” he said.",
        "Python is slow, as in:\n\n```\nsudo python x.py\n```",
        "Python is slow, as in:\n\n~~~sh\nsudo python x.py\n",
        "Python is slow, as in:\n\n    sudo python x.py\n",
        "Python is slow, so run `sudo python x.py` now.",
        "Great Britain is an island, and a great one.",
        "Game of Thrones",
        "Time Management: plan",
        "Go is fast.",
        "Will Smith met Ann.",
        "Field, A. (2018).",
    ],
    "exclamation": ["Really?! No way!!"],
    "heading": ["## 2. Plans"],
    "clause_join": [
        "If it is late and you are tired, but it works, go on.",
        "You can close the lid here, so you can open it again.",
        "You should close the lid, so it does not dry out.",
        "It was (as they said in May, but it was late).",
        "Was it as late as it is now, but it worked?",
        "Make sure of the lid, but it is late.",
        "Not only was it late that day, but it was cold.",
        "The one in a house where he was born, and the other is here.",
    ],
    "semicolon": ["There are three: it is a; they are b; we are c.", "It was red; the other was blue.", "It rained. We left."],
    "ampersand": ["It grew more and more."],
    "apostrophe": [
        "They said 'we saw the boys' and left.",
        "They said: ‘we saw the boys’ and left.",
        "The 'tenants' right' is 90s' talk.",
        "The boys'.",
        "The boys' Friend.",
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in UNSAFE.items() for text in texts])
def test_where_it_is_unsafe_nothing_is_offered(name, text):
    assert not [site for site in free_sites(text) if site.name == name and site.options]


# text, feature, its variant, what the text becomes
CHANGES = [
    ("It has changed a lot.", "contraction", "contracted", "It's changed a lot."),
    ("They have decided to go.", "contraction", "contracted", "They've decided to go."),
    ("It is\nlate.", "contraction", "contracted", "It's\nlate."),
    ("It's become big.", "contraction", "expanded", "It has become big."),
    ("It's always been so.", "contraction", "expanded", "It has always been so."),
    ("What's happened here?", "contraction", "expanded", "What has happened here?"),
    ("It's called Bob.", "contraction", "expanded", "It is called Bob."),
    ("I'd also like it.", "contraction", "expanded", "I would also like it."),
    ("Don't worry.", "contraction", "expanded", "Do not worry."),
    ("I tried, but couldn't see.", "contraction", "expanded", "I tried, but could not see."),
    ("I know that we have to go.", "obligation", "must", "I know that we must go."),
    ("A very important day.", "intensifier", "really", "A really important day."),
    ("We need a plan.", "register", "formal", "We require a plan."),
    ("You must establish a routine.", "register", "plain", "You must set up a routine."),
    ("We have questions regarding the plan.", "register", "plain", "We have questions about the plan."),
    ("It was an extra difficult day.", "register", "plain", "It was an extra hard day."),
    ("This is an incorrect answer.", "register", "plain", "This is a wrong answer."),
    ("It is a more challenging task.", "register", "plain", "It is a harder task."),
    ("It is crucial to know.", "register", "plain", "It is important to know."),
    ("It plays a crucial role.", "register", "plain", "It plays an important role."),
    ("It has a variety of uses.", "register", "plain", "It has many different uses."),
    ("We stayed due to the rain.", "register", "plain", "We stayed because of the rain."),
    ("It rains, and therefore we stay.", "register", "plain", "It rains, and so we stay."),
    ("They are my best friends, but they left.", "clause_comma", "no", "They are my best friends but they left."),
    ("You can buy apples, pears, and plums.", "oxford_comma", "no", "You can buy apples, pears and plums."),
    ("I like reading, writing and running.", "oxford_comma", "yes", "I like reading, writing, and running."),
    ("It is known for its cafes, dining, and nightlife.", "oxford_comma", "no", "It is known for its cafes, dining and nightlife."),
    ("Take the train, buses, and taxis.", "oxford_comma", "no", "Take the train, buses and taxis."),
    (
        "Study the base of it, the height of a wall, or the use of a beam.",
        "oxford_comma",
        "no",
        "Study the base of it, the height of a wall or the use of a beam.",
    ),
    (
        "You can set goals, meet new people, and even learn to cook.",
        "oxford_comma",
        "no",
        "You can set goals, meet new people and even learn to cook.",
    ),
    ("With plums, pears, and figs, you can bake.", "oxford_comma", "no", "With plums, pears and figs, you can bake."),
    ("She grabbed it, closed the door, and ran.", "oxford_comma", "no", "She grabbed it, closed the door and ran."),
    (
        "Signs of stress such as pain, poor sleep, and a lack of appetite may occur.",
        "oxford_comma",
        "no",
        "Signs of stress such as pain, poor sleep and a lack of appetite may occur.",
    ),
    ("It is simple, cheap, and visually pleasing.", "oxford_comma", "no", "It is simple, cheap and visually pleasing."),
    ("Pick models such as Alpha, Beta, Gamma and Delta.", "oxford_comma", "yes", "Pick models such as Alpha, Beta, Gamma, and Delta."),
    ("I have honed my skills.", "contraction", "contracted", "I've honed my skills."),
    ("We have successfully reached the end.", "contraction", "contracted", "We've successfully reached the end."),
    ("I would first build a map.", "contraction", "contracted", "I'd first build a map."),
    ("Let us start with it.", "contraction", "contracted", "Let's start with it."),
    ("Now, let’s look at it.", "contraction", "expanded", "Now, let us look at it."),
    ("Hence, it works.", "connective_result", "plain", "So it works."),
    ("That is a very rare bird.", "intensifier", "really", "That is a really rare bird."),
    ("It is ten meters long and 5 meters high.", "spelling", "british", "It is ten metres long and 5 metres high."),
    ("The tires and a flat tire.", "spelling", "british", "The tyres and a flat tyre."),
    ("Check the tire pressure of my tires.", "spelling", "british", "Check the tyre pressure of my tyres."),
    (
        "The programme has a cheque for tyres, a licence to practise and two storeys of three metres.",
        "spelling",
        "american",
        "The program has a check for tires, a license to practice and two stories of three meters.",
    ),
    ("We catalogued cosily, and it smouldered.", "spelling", "american", "We cataloged cozily, and it smoldered."),
    ("Orthopedics, pediatricians, and sulfuric acid.", "spelling", "british", "Orthopaedics, paediatricians, and sulphuric acid."),
    ("The civilization fell.", "spelling", "british", "The civilisation fell."),
    ("Use a client (such as this one).", "latin", "abbreviated", "Use a client (e.g. this one)."),
    ("It is a good day — the best of all.", "dash", "hyphen", "It is a good day - the best of all."),
    ("The way — a long one — is open.", "dash", "comma", "The way, a long one, is open."),
    ("The way — it was long — is open.", "dash", "comma", "The way — it was long — is open."),
    ("We use numerous\ntools in many places.", "register", "plain", "We use many\ntools in many places."),
    (
        "Thou art. " + "It is late now, and we stay here for a while. " * 6 + "They have numerous tools.",
        "register",
        "plain",
        "Thou art. " + "It is late now, and we stay here for a while. " * 6 + "They have many tools.",
    ),
    ("It is late. so it works.", "connective_result", "formal", "It is late. therefore, it works."),
    ("It is late. Also, it works.", "connective_addition", "plain", "It is late. And it works."),
    ("Sure! Here is the text.", "opener", "none", "Here is the text."),
    ("You're late, and you are early. You are on time.", "you_are", "ur", "Ur late, and ur early. Ur on time."),
    ("Please send it. Could you please reply?", "please", "kindly", "Kindly send it. Could you kindly reply?"),
    ("Cats vs. Dogs is old.", "shorthand", "standard", "Cats versus Dogs is old."),
    ("It is late, prob.\n\n- Next", "shorthand", "standard", "It is late, probably.\n\n- Next"),
    ("It is late, prob... not.", "shorthand", "standard", "It is late, probably... not."),
    ("It takes approx. 5 of them.", "shorthand", "standard", "It takes approximately 5 of them."),
    ("Set up the dev environment.", "shorthand", "env", "Set up the dev env."),
    ("Install the applications now.", "shorthand", "apps", "Install the apps now."),
    ("We use tools, such as hammers.", "example", "like", "We use tools, like hammers."),
    ("Make sure that you have it.", "that_clause", "none", "Make sure you have it."),
    ("It provides us with tools.", "register", "plain", "It gives us tools."),
    ("It allows you to go.", "register", "plain", "It lets you go."),
    ("It is important to note that the sky is blue.", "announcement", "none", "The sky is blue."),
    ("It is important to note that results may vary a lot.", "announcement", "none", "Results may vary a lot."),
    ("It rains. However, it’s also worth mentioning that we left.", "announcement", "none", "It rains. However, we left."),
    ("Sure, here are three of them.", "announcement", "none", "Here are three of them."),
    ("- Please note that the 5 of us came.", "announcement", "none", "- The 5 of us came."),
    ("Also note that the file is big now.", "announcement", "none", "The file is big now."),
    ("It is important to note that if it rains, we stay.", "announcement", "none", "If it rains, we stay."),
    ("As an AI language model, I cannot walk.", "announcement", "none", "I cannot walk."),
    ("It rains. In summary, we left.", "conclusion", "none", "It rains. We left."),
    ("**Overall, it rains.**", "conclusion", "none", "**It rains.**"),
    ("It is **very good** here.", "bold", "plain", "It is very good here."),
    ("It rained; we left.", "semicolon", "full stop", "It rained. We left."),
    ("## The plan\nWe left.\n\n### *Why*\n\n- x\n", "heading", "none", "The plan\n\nWe left.\n\n*Why*\n\n- x\n"),
    ("We have:\n- one\n    - two\n\n* three\n- [ ] four\n", "bullet", "none", "We have:\n\none\n\ntwo\n\nthree\n- [ ] four\n"),
    ("We have:\n- one\n  + two\n", "bullet", "*", "We have:\n* one\n  * two\n"),
    ("- 🎉 We won 🎉 again\n", "emoji", "none", "- We won again\n"),
    ("It is old; however, it works.", "semicolon", "full stop", "It is old. However, it works."),
    ("In May, the plan was new, but it did not work.", "clause_join", "apart", "In May, the plan was new. But it did not work."),
    ("Dogs are also heavy, so they sink.", "clause_join", "apart", "Dogs are also heavy. So they sink."),
    ("We knew of the plan, and the plan was bad.", "clause_join", "apart", "We knew of the plan. And the plan was bad."),
    ("It is two months' notice, and the tenants'\nright.", "apostrophe", "curly", "It is two months’ notice, and the tenants’\nright."),
    ("It is the tenants’ right. Run `x('a')`.", "apostrophe", "straight", "It is the tenants' right. Run `x('a')`."),
    ("Great idea.", "sentence_case", "lower", "great idea."),
    ("1. Preheat it.\n2. Chop them.\n", "sentence_case", "lower", "1. preheat it.\n2. chop them.\n"),
    ("Install Docker now.", "sentence_case", "lower", "install Docker now."),
    ("Hi Ann.", "sentence_case", "lower", "hi Ann."),
    ("Go to it. Will it work?", "sentence_case", "lower", "go to it. will it work?"),
    ("Python is slow, as python goes.", "sentence_case", "lower", "python is slow, as python goes."),
]


@pytest.mark.parametrize(("text", "name", "variant", "changed"), CHANGES)
def test_what_a_change_gives(text, name, variant, changed):
    sites = [site for site in free_sites(text) if site.name == name and variant in site.options]
    edits = [Edit(site.start, site.end, text[site.start : site.end], site.options[variant], "test") for site in sites]
    assert apply(text, edits) == changed


@pytest.mark.parametrize(
    "text",
    ["**Title** - text", "- **Lead**: text", "- 🔥 **Heat:** text", "# A **bold** heading", "It is **not** so.", "It is **NOW** here."],
)
def test_bold_that_says_something_goes_only_for_who_says_so(text):
    (site,) = [site for site in free_sites(text) if site.name == "bold" and site.options]
    assert list(site.options) == ["plain everywhere"]


@pytest.mark.parametrize("text", ["It is late.\n\nAlso, it works.", "Also, it works.", "Also, make sure of it."])
def test_no_paragraph_and_no_command_begins_with_and(text):
    assert not [site for site in free_sites(text) if site.name == "connective_addition" and "plain" in site.options]


def test_a_contraction_is_one_place():
    assert sum(site.name == "contraction" for site in free_sites("It's become big.")) == 1


def test_a_full_stop_between_clauses_counts_and_stays():
    assert measure("It rained. We left.")["semicolon"] == {"full stop": 1}


def test_phrases_count_as_hedges_and_boosters():
    assert measure("It is more or less done, of course.")["lexical"]["hedges"] == 1
    assert measure("It is more or less done, of course.")["lexical"]["boosters"] == 1
