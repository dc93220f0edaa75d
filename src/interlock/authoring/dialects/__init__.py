"""Documents of other systems, read as graphs of ours: each dialect a pure function, found by `recognising`.

    AgentOS graph        {name, agents, dag}                         agentos_graphs
    step list            {name, coordination_type, steps}            step_lists
    node list            {id, nodes: […], edges: […]}                node_lists
    AgentOS policy       {name, max_cost_usd, block_patterns}        agentos_policies

A dialect knows its own words and the graph language, and nothing of runs: what it gives is compiled as any graph is.
"""
