"""What a bot shows, as lines for the agent: the words, and the card where it is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.dialogflow import rich
from handoff.exchange import Json
from handoff.model import Card, Link, Message
from handoff.vocabulary import Participant

SHOP, PICTURE, MORE = "https://shop.example/1", "https://i.example/1.png", "https://i.example/2.png"
ORDER = Link(title="Order", url=SHOP)


def shown(*messages: Any) -> list[tuple[str, Card | None]]:
    return [(line.text, line.card) for line in rich.lines(messages, "u1")]


def drawn(*elements: Any) -> Json:
    """Return the message that CX Messenger draws as one card."""
    return {"payload": {"richContent": [list(elements)]}}


def test_line_is_the_bots_and_knows_its_input() -> None:
    [line] = rich.lines([{"text": {"text": ["Hi"]}}], "u1")
    assert line == Message(author=Participant.BOT, text="Hi", utterance="u1")


# https://docs.cloud.google.com/dialogflow/es/docs/reference/rest/v2/projects.agent.intents#Message
@pytest.mark.parametrize(
    ("message", "words", "card"),
    [
        ({"text": {"text": [" a\n", "another way"]}}, " a\n", None),
        ({"outputAudioText": {"text": "spoken"}}, "spoken", None),
        (
            {"quickReplies": {"title": "Which?", "quickReplies": ["Red", "", 7, "Blue"]}},
            "Which?\n• Red\n• Blue",
            Card(title="Which?", links=(Link(title="Red"), Link(title="Blue"))),
        ),
        (
            {"image": {"imageUri": PICTURE, "accessibilityText": "A sofa"}},
            f"A sofa\n{PICTURE}",
            Card(text="A sofa", image=PICTURE),
        ),
        ({"image": {"accessibilityText": "A sofa"}}, "A sofa", None),
        (
            {
                "card": {
                    "title": "Sofa",
                    "subtitle": "Three seats",
                    "imageUri": PICTURE,
                    "buttons": [
                        {"text": "Order", "postback": SHOP},
                        {"text": "Not now", "postback": "no"},
                        {"postback": "no"},
                    ],
                }
            },
            f"Sofa\nThree seats\n{PICTURE}\nOrder: {SHOP}\n• Not now",
            Card(
                title="Sofa",
                text="Three seats",
                image=PICTURE,
                links=(ORDER, Link(title="Not now")),
            ),
        ),
    ],
)
def test_message_is_a_line(message: Json, words: str, card: Card | None) -> None:
    assert shown(message) == [(words, card)]


# https://docs.cloud.google.com/dialogflow/cx/docs/concept/integration/dialogflow-messenger/fulfillment
@pytest.mark.parametrize(
    ("element", "words", "card"),
    [
        (
            {
                "type": "info",
                "title": "Sofa",
                "subtitle": "Three seats",
                "image": {"rawUrl": PICTURE},
                "anchor": {"href": SHOP},
            },
            f"Sofa\nThree seats\n{PICTURE}\n{SHOP}",
            Card(
                title="Sofa", text="Three seats", image=PICTURE, links=(Link(title="", url=SHOP),)
            ),
        ),
        (
            {"type": "info", "image": {"src": {"rawUrl": PICTURE}}, "actionLink": SHOP},
            f"{PICTURE}\n{SHOP}",
            Card(image=PICTURE, links=(Link(title="", url=SHOP),)),
        ),
        (
            {"type": "description", "title": "Hours", "text": ["Mon 9-5", None, "Tue 9-5"]},
            "Hours\nMon 9-5\nTue 9-5",
            Card(title="Hours", text="Mon 9-5\nTue 9-5"),
        ),
        ({"type": "description", "text": ["only", "text"]}, "only\ntext", None),
        (
            {"type": "image", "rawUrl": PICTURE, "accessibilityText": "A sofa"},
            f"A sofa\n{PICTURE}",
            Card(text="A sofa", image=PICTURE),
        ),
        (
            {"type": "button", "icon": {"type": "x"}, "text": "Order", "anchor": {"href": SHOP}},
            f"Order: {SHOP}",
            Card(links=(ORDER,)),
        ),
        ({"type": "button", "text": "Order", "link": SHOP}, f"Order: {SHOP}", Card(links=(ORDER,))),
        (
            {"type": "list", "title": "Sofa", "subtitle": "blue", "event": {"name": "e"}},
            "• Sofa – blue",
            Card(links=(Link(title="Sofa – blue"),)),
        ),
        (
            {"type": "accordion", "title": "Returns", "subtitle": "30 days", "text": "Bring it."},
            "Returns\n30 days\nBring it.",
            Card(title="Returns", text="30 days\nBring it."),
        ),
        (
            {
                "type": "chips",
                "options": [{"text": "Order", "anchor": {"href": SHOP}}, {"text": "Back"}, {}, 7],
            },
            f"Order: {SHOP}\n• Back",
            Card(links=(ORDER, Link(title="Back"))),
        ),
        (
            {"type": "files", "files": [{"name": "Order", "anchor": {"href": SHOP}}]},
            f"Order: {SHOP}",
            Card(links=(ORDER,)),
        ),
        (
            {"type": "match_citations", "citations": [{"title": "Order", "actionLink": SHOP}]},
            f"Order: {SHOP}",
            Card(links=(ORDER,)),
        ),
        (
            {"type": "html", "html": "<p class='x'>a &lt; b</p>\n<br/><b>c</b> 1 < 2 > 0"},
            "a < b c 1 < 2 > 0",
            None,
        ),
        ({"type": "unheard of", "title": "Title"}, "Title", Card(title="Title")),
        ({"text": "no type"}, "no type", None),
    ],
)
def test_element_of_the_messenger_is_a_line(element: Json, words: str, card: Card | None) -> None:
    assert shown(drawn(element)) == [(words, card)]


@pytest.mark.parametrize(
    "payload",
    [
        {"handoff": {"state": "active"}},
        {"bridge": {"text": "not drawn"}},
        {"richContent": [[{"type": "divider"}], [], None, 7, [None, [], "x"]]},
        {"richContent": {"title": "no list"}},
        {"richContent": [[{"type": "button"}, {"type": "list", "link": "javascript:x"}]]},
        "richContent",
        None,
    ],
)
def test_payload_that_shows_nothing_is_no_line(payload: Any) -> None:
    assert shown({"payload": payload}) == []


@pytest.mark.parametrize(
    "message",
    [
        None,
        "x",
        {"liveAgentHandoff": {"metadata": {"text": "marker"}}},
        {"conversationSuccess": {"metadata": {"text": "marker"}}},
        {"playAudio": {"audioUri": SHOP}},
        {"endInteraction": {}},
        {"text": {"text": [""]}},
    ],
)
def test_message_without_words_is_no_line(message: Any) -> None:
    assert shown(message) == []


def test_elements_that_are_drawn_together_are_one_card() -> None:
    rows = (
        {"type": "image", "rawUrl": PICTURE, "accessibilityText": "A sofa"},
        {"type": "info", "title": "Sofa", "subtitle": "Three seats", "image": {"rawUrl": MORE}},
        {"type": "divider"},
        {"type": "button", "text": "Order", "link": SHOP},
        {"type": "chips", "options": [{"text": "Back"}]},
    )
    [(words, card)] = shown(drawn(*rows))
    assert words == (f"A sofa\nSofa\nThree seats\n{PICTURE}\nOrder: {SHOP}\n• Back\n{MORE}"), (
        "what is to be pressed and further pictures come last"
    )
    assert card == Card(
        text="A sofa\nSofa\nThree seats",
        image=PICTURE,
        links=(ORDER, Link(title="Back"), Link(title="", url=MORE)),
    )


def test_title_of_the_first_element_is_the_cards() -> None:
    first, second = {"type": "info", "title": "Sofa"}, {"type": "info", "title": "Chair"}
    assert shown(drawn({"type": "divider"}, first, second)) == [
        ("Sofa\nChair", Card(title="Sofa", text="Chair"))
    ]


def test_each_list_of_elements_is_a_card_and_a_lone_element_too() -> None:
    one, two = {"type": "info", "title": "one"}, {"type": "info", "title": "two"}
    said = shown({"payload": {"richContent": [[one], two]}}, {"text": {"text": ["three"]}})
    assert [words for words, _ in said] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://x/y",
        "//x/y",
        "https://",
        "https://x/a b",
        "https://x/<b>",
        "https://x/" + "y" * rich.LONGEST_ADDRESS,
        {"href": SHOP},
        None,
    ],
)
def test_address_that_is_no_web_address_is_dropped(address: Any) -> None:
    button = {"type": "button", "text": "Press", "anchor": {"href": address}}
    picture = {"type": "image", "rawUrl": address}
    assert shown(drawn(button, picture)) == [("• Press", Card(links=(Link(title="Press"),)))]


def test_next_place_of_an_address_counts_where_the_first_has_none() -> None:
    button = {"type": "button", "text": "Order", "anchor": {"href": ""}, "link": "HTTP://x/y"}
    assert shown(drawn(button)) == [
        ("Order: HTTP://x/y", Card(links=(Link(title="Order", url="HTTP://x/y"),)))
    ]


NAMES = st.sampled_from(
    [
        *("text", "title", "subtitle", "payload", "richContent", "image", "rawUrl", "src", "html"),
        *("options", "buttons", "files", "citations", "anchor", "href", "type", "card"),
        *("quickReplies", "outputAudioText", "imageUri"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["button", SHOP])
)
ANY = st.recursive(LEAVES, lambda one: st.lists(one) | st.dictionaries(NAMES, one), max_leaves=30)


@given(ANY)
def test_any_json_is_read_without_complaint(message: Any) -> None:
    for line in rich.lines([message, {"payload": message}, drawn(message)], "u1"):
        assert line.text
