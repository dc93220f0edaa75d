"""What runs are made of, over HTTP: agents, tools, models, and the policies that they are judged by."""
