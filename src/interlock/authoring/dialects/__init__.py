"""Documents of other systems, read as graphs of ours: one file a dialect, each a pure function.

    AgentOS graph        {name, agents, dag}                         agentos
    step list            {name, coordination_type, steps}            step_lists
    node list            {id, nodes: […], edges: […]}                node_lists

A dialect knows its own words and the graph language, and nothing of runs: what it gives is compiled as any graph is.
"""
