"""The proxy with the clients that people have: openai, anthropic and litellm. None of them may notice it, but for the words."""

import os
from pathlib import Path

import pytest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # litellm would fetch prices when it is imported
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("openai")
pytest.importorskip("anthropic")
pytest.importorskip("litellm")

import anthropic
import litellm
import openai
from serve_samples import ANSWER, KEY, QUESTION, SECRET, Cloud, chat_event, clouded, events, proxied, streaming
from starlette.responses import JSONResponse

from rpo_edge import History, Personalizer
from rpo_edge.importers import Report, read_paths
from rpo_edge.serve.app import application
from rpo_edge.serve.safety import Safety
from rpo_edge.serve.upstream import Upstream

ASKED = [{"role": "user", "content": QUESTION}]
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    path = tmp_path_factory.mktemp("clients") / "history.db"
    with History.open(path) as history:
        history.extend(read_paths([Path(__file__).resolve().parents[1] / "examples/history"], Report()))
        history.add(f"{SECRET} It's the pizza in orbit that I don't get.")
    with History.open(path) as history, clouded() as cloud:
        rewriter = Personalizer(history)
        streamed, whole = (rewriter.rewrite(ANSWER, QUESTION, windows=windows).text for windows in ("sentences", "paragraphs"))
        assert ANSWER not in (streamed, whole)
        with proxied(application(rewriter, Upstream(cloud.url + "/v1"), Safety())) as url:
            yield cloud, url, streamed, whole


@pytest.fixture
def proxy(servers):
    """The cloud as it was made, the proxy's address, and the answer in the user's words, streamed and whole; nothing of the history may arrive."""
    cloud, url, streamed, whole = servers
    cloud.reply = Cloud().reply
    cloud.requests.clear()
    yield cloud, url, streamed, whole
    assert KEY.encode() in cloud.seen and b"violet submarine" not in cloud.seen


@pytest.fixture
def openai_client(proxy):
    with openai.OpenAI(base_url=proxy[1] + "/v1", api_key=KEY, max_retries=2) as client:
        yield client


@pytest.fixture
def anthropic_client(proxy):
    with anthropic.Anthropic(base_url=proxy[1], api_key=KEY, max_retries=2) as client:
        yield client


def test_openai_chat(proxy, openai_client):
    got = openai_client.chat.completions.with_raw_response.create(model="m", messages=ASKED)
    assert got.headers["rpo-edge"] == "rewritten"
    parsed = got.parse()
    assert parsed.choices[0].message.content == proxy[3] and parsed.usage.completion_tokens == 222


def test_openai_chat_streamed(proxy, openai_client):
    options = {"include_usage": True}
    with openai_client.chat.completions.create(model="m", messages=ASKED, stream=True, stream_options=options) as stream:
        got = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in got if chunk.choices) == proxy[2]
    assert [chunk.choices[0].finish_reason for chunk in got if chunk.choices and chunk.choices[0].finish_reason] == ["stop"]
    assert [chunk.usage.completion_tokens for chunk in got if chunk.usage] == [222]


def test_openai_chat_stream_helper(proxy, openai_client):
    with openai_client.chat.completions.stream(model="m", messages=ASKED) as stream:
        kinds = [event.type for event in stream]
        assert stream.get_final_completion().choices[0].message.content == proxy[2]
    assert kinds.index("content.delta") < kinds.index("content.done")


def test_openai_responses(proxy, openai_client):
    got = openai_client.responses.create(model="m", input=QUESTION)
    assert got.output_text == proxy[3] and got.usage.output_tokens == 222


def test_openai_responses_streamed(proxy, openai_client):
    with openai_client.responses.stream(model="m", input=QUESTION) as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert said == proxy[2] == stream.get_final_response().output_text


def test_openai_models(proxy, openai_client):
    assert [model.id for model in openai_client.models.list()] == ["m"]


def test_openai_off(proxy, openai_client):
    got = openai_client.chat.completions.create(model="m", messages=ASKED, extra_headers={"rpo-edge": "off"})
    assert got.choices[0].message.content == ANSWER


def test_openai_json_mode(proxy, openai_client):
    got = openai_client.chat.completions.create(model="m", messages=ASKED, response_format={"type": "json_object"})
    assert got.choices[0].message.content == ANSWER


def test_openai_tools_streamed(proxy, openai_client):
    """Prose, then a call in pieces: the prose is whole before it, and the arguments are as they came."""
    cloud, *_ = proxy
    calls = [{"index": 0, "id": "t", "type": "function", "function": {"name": "weather", "arguments": ""}}]
    calls += [{"index": 0, "function": {"arguments": piece}} for piece in ('{"place": "It is', ' unlikely. It is."}')]
    listed = [chat_event({"role": "assistant", "content": "It is unlikely that it rains. It is"}), chat_event({"content": " cold."})]
    listed += [*(chat_event({"tool_calls": [call]}) for call in calls), chat_event({}, "tool_calls")]

    async def reply(request, body):
        return streaming(events(listed, names=False) + b"data: [DONE]\n\n", 33)

    cloud.reply = reply
    with openai_client.chat.completions.create(model="m", messages=ASKED, tools=[WEATHER], stream=True) as stream:
        deltas = [chunk.choices[0].delta for chunk in stream]
    first = next(i for i, delta in enumerate(deltas) if delta.tool_calls)
    said = "".join(delta.content or "" for delta in deltas[:first])
    assert said.startswith("It's unlikely") and said.endswith("cold.") and not any(delta.content for delta in deltas[first:])
    arguments = "".join(delta.tool_calls[0].function.arguments for delta in deltas if delta.tool_calls)
    assert arguments == '{"place": "It is unlikely. It is."}'


def test_openai_sees_errors_and_tries_again(proxy, openai_client):
    cloud, _, _, wanted = proxy
    works, n = cloud.reply, 0

    async def busy(request, body):
        nonlocal n
        n += 1
        if n == 1:
            return JSONResponse({"error": {"message": "busy"}}, 429, headers={"retry-after": "0"})
        return await works(request, body)

    cloud.reply = busy
    assert openai_client.chat.completions.create(model="m", messages=ASKED).choices[0].message.content == wanted and n == 2

    async def refuses(request, body):
        return JSONResponse({"error": {"message": "no such key", "code": "invalid_api_key"}}, 401)

    cloud.reply = refuses
    with pytest.raises(openai.AuthenticationError, match="no such key"):
        openai_client.chat.completions.create(model="m", messages=ASKED)


def test_anthropic(proxy, anthropic_client):
    got = anthropic_client.messages.with_raw_response.create(model="m", messages=ASKED, max_tokens=9)
    assert got.headers["rpo-edge"] == "rewritten"
    assert got.parse().content[0].text == proxy[3] and got.parse().usage.output_tokens == 222


def test_anthropic_streamed(proxy, anthropic_client):
    with anthropic_client.messages.stream(model="m", messages=ASKED, max_tokens=9) as stream:
        assert "".join(stream.text_stream) == proxy[2]
        final = stream.get_final_message()
    assert final.content[0].text == proxy[2] and final.usage.output_tokens == 222 and final.stop_reason == "end_turn"


def test_anthropic_error_in_the_stream(proxy, anthropic_client):
    cloud, *_ = proxy

    async def overloaded(request, body):
        return streaming(events([{"type": "error", "error": {"type": "overloaded_error", "message": "too much"}}]))

    cloud.reply = overloaded
    with pytest.raises(anthropic.APIStatusError, match="too much"):
        anthropic_client.messages.create(model="m", messages=ASKED, max_tokens=9, stream=True).__next__()


@pytest.mark.parametrize(("model", "base"), [("openai/m", "/v1"), ("anthropic/m", "")])
@pytest.mark.parametrize("streamed", [False, True])
def test_litellm(proxy, model, base, streamed):
    got = litellm.completion(model, ASKED, api_base=proxy[1] + base, api_key=KEY, stream=streamed)
    if streamed:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in got) == proxy[2]
    else:
        assert got.choices[0].message.content == proxy[3] and got.usage.completion_tokens == 222
