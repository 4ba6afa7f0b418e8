"""A proxy between an assistant and a cloud model: answers go through the Personalizer, requests go through as they are.

    client ──request──> safety ─ app ─ upstream ──> cloud
    client <──answer── app <─ transform <─ dialect, sse, parts <─ upstream

`app.py` is the way of a request; `transform.py` takes the events of a streamed answer and `dialects/` say where in them, and in whole
answers, prose stands: one file an API form. One text part (a choice, a content block) is one `Stream` of the Personalizer. What is no
prose is not parsed twice, and passes byte for byte: tool calls, structured output, images, audio, reasoning (in the text, too:
`<think>`), refusals, answers with logprobs or with citations that count characters, and every path that is not in `dialects.DIALECTS`.

A response says in its header `rpo-edge` what was done:

    off                        the request had the header `rpo-edge: off`
    rewritten                  some of its text was
    unchanged; reason=WORD     none was, and why:
        no-change              nothing to change     no-prose       no text, or text that is JSON
        empty-history, not-english                   failed         a failure of ours; the original passed
        overloaded             more work was waiting than can be done soon
        structured-output, forced-tool, logprobs, citations, audio, prefill    what the request asks for
        unreadable             request or answer is not what the API says, or is encoded in a way that is not known here
        upstream-error         a status other than 2xx     other-path     no text of an assistant, or another API
    streaming                  an event stream, of whose text nothing is known when its headers go. Its last line is a comment, which
                               clients skip, with what the header would have said: `: rpo-edge: rewritten`

To `rewritten` `; failed=N` is added where in N texts some sentence or all passed as it was because of a failure of ours, and to `rewritten`
and `unchanged` `; passed=N` where N sentences passed as they were because of overload.

Nothing of the store goes upstream: a request is the client's bytes and headers, less what concerns one connection (hop by hop), the host,
and our own headers. What this cannot hold back: a client that sends the conversation again sends rewritten answers as part of it.
An event that is made here, to let held text out before its part ends, repeats the `sequence_number` of the one before.
"""
