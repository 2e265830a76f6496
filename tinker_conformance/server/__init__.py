"""Judging servers: probes of a server that serves the Tinker API, and real releases of the SDK against it.

A server's URL goes in (`target.ServerUnderTest`, by the options of `server_request.ServerRequest`), and
judgements come out, with the verdicts, levels, known failures and reports that SDKs have.

The shared pieces, on which everything here stands:

- `target`: the URL, the key (never printed), the base model, the loopback rule, the budget of requests;
- `server_request`: the options of the command and of pytest;
- `tinker_conformance.report.records`: a report of a server has `Start.kind == "server"`; after the results
  come one `verb` record (`VerbRecord`) for each release and verb, if releases were driven.
"""
