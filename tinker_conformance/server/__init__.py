"""Judging servers: probes of a server that serves the Tinker API, and real releases of the SDK against it.

A probe is one question to the server, with the rule that the answer must follow. The options of a run go in
as `server_request.ServerRequest`. Judgements come out, with the same verdicts, levels, known failures and
reports as those of SDKs.

The shared pieces:

- `target`: the URL, the key (never printed), the base model, the loopback rule, the budget of requests;
- `server_request`: the options of the command and of pytest;
- `tinker_conformance.report.records`: a report of a server has `Start.kind == "server"`. After the results
  comes one `verb` record (`VerbRecord`) for each release and verb, if releases of `tinker` were run.
"""
