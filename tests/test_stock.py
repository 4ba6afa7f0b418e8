"""Which sentences are stock, as wholes: what only a machine's answer says, and near it what a person means."""

import pytest

from rpo_edge.features.framing import is_stock


@pytest.mark.parametrize(
    "sentence",
    [
        "Would you like me to suggest some side dishes to go with it?",
        "Let me know if you'd like restaurant recommendations or help with booking accommodation!",
        "Would you like me to show what the refactored function could look like?",
        "Is there anything specific you'd like to know more about?",
        "Feel free to personalize it with a memory of your own.",
        "Let me know if you'd like me to make it sound more formal!",
        "Would you like to see how this works with an example?",
        "Feel free to share your location and a bit about your needs, and I can give you a more tailored recommendation.",
        "Would you like me to compare the two side by side?",
        "I can also suggest a cheaper alternative.",
        "Would you like help with the next step?",
        "Want to dig into any of these?",
        "Curious about anything specific?",
        "What part would you like to explore further?",
        "If you tell me your budget, I can narrow this down.",
        "Tell me a bit about your setup and I can be more specific.",
        "I can also prepare a shorter version if you need one.",
        "Would you like a printable version of this plan?",
        "Let me know if you'd like a packing list too!",
        "Just say the word and I'll draft it.",
        "Would you like me to create a weekly meal plan?",
        "Want me to turn this into a checklist?",
        "Love this question!",
        "What a fun project!",
        "Let's walk through it step by step.",
        "Thanks for sharing this!",
        "Here's a firm but polite complaint letter you can adapt:",
        "Here's a thread you can post:",
        "Would you like specifics for a particular date or area?",
        "Would you like me to compare it with another phone?",
        "Does that make sense?",
        "Does this all make sense so far?",
        "Feel free to swap in your own anecdotes, and let me know if you'd like me to make it shorter.",
    ],
)
def test_what_only_answers_say(sentence):
    assert is_stock(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Would you like me to bring the cake?",
        "Do you want me to call the bank?",
        "Would you like to see the flat?",
        "Let me know if you'd like a lift.",
        "Would you like some coffee?",
        "I can also bring cups.",
        "Want to go?",
        "Feel free to swap the thyme for rosemary.",
        "Feel free to swap seats with Ann, and let me know when you get there.",
        "Does that make sense to you and to the others?",
        "Would you like a receipt?",
        "Would you like me to suggest some other times?",
        "Do you want me to suggest a few other dates?",
        "Would you like to see more of us?",
        "Is there anything you'd like me to bring?",
        "I can also make dinner.",
        "Want to see a film?",
        "Would you like a ride to the station?",
        "Curious about the noise, I went down.",
        "Feel free to add vegetables.",
        "Thanks for sharing your cake!",
        "Would you like me to list the house?",
        "Let me know if you'd like to meet our plumber.",
        "I can also write to him if you want.",
        "Let me know if there is anything you would like from the shop.",
        "Would you like a table by the window?",
        "Do you want a table for two?",
        "Would you like me to make a list for the party?",
        "Want a snack?",
    ],
)
def test_what_people_say(sentence):
    assert not is_stock(sentence)
