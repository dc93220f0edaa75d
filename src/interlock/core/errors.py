"""The root of everything that Interlock raises on purpose, so that who uses it can catch it all by one name.

InterlockError
├── AuthoringError     a document, a graph built in Python (authoring)
├── ToolError          a tool, or the file it stands in (tools)
├── AgentError         an agent, its contract or its prompt (agents)
├── PromptFailed       a prompt that cannot be filled in (agents)
├── ModelsError        what is declared of models, and what a test of one met (models)
├── PolicyError        a policy that cannot come into force (governance)
├── SinkError          where events leave for (sinks)
├── AuditError         a signed file of a run, and the key that signs it (audit)
├── StoreError         what is kept, and where (store)
├── TenancyError       a tenant, or an API key (tenancy)
├── EngineError        a run, and what was asked of it (engine)
├── CassetteError      a recorded world (engine)
├── SettingsError      a setting (settings)
├── ValueProblem       an input, an answer or another value that could not be kept (core)
├── ClientError        a server that was asked over HTTP (client)
└── and what the Python face raises itself (embedded)
"""

from __future__ import annotations


class InterlockError(Exception):
    """Something that cannot be done as it was asked. The message says to which thing, and what to do next."""
