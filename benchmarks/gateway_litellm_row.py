"""LiteLLM's library in process, with what it does by itself: its cost of each answer, its callbacks, its checks."""

from __future__ import annotations

import time

BEGAN = time.perf_counter()
import litellm  # noqa: E402 - how long that takes is measured

IMPORTED = time.perf_counter() - BEGAN

import asyncio  # noqa: E402
import sys  # noqa: E402

import gateway_work as work  # noqa: E402


async def main(url: str) -> None:
    """Ask as the runner says."""
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    price = {f"{side}_cost_per_token": float(usd) / 1e6 for side, usd in work.PRICE_PER_MILLION.items()}
    litellm.register_model({f"openai/{work.MODEL}": {**price, "litellm_provider": "openai", "mode": "chat"}})
    sent = work.sent_to_openai() | {"model": f"openai/{work.MODEL}"}
    sent |= {"api_base": url, "api_key": "sk-bench", "num_retries": 0, "max_retries": 0}

    async def ask(is_streamed: bool) -> None:  # noqa: FBT001 - what the runner says
        if not is_streamed:
            completion = await litellm.acompletion(**sent)
            assert completion.choices[0].message.content == work.ANSWER_TEXT
            return
        heard: list[str] = []
        stream = await litellm.acompletion(**sent, stream=True, stream_options={"include_usage": True})
        async for chunk in stream:
            heard += [choice.delta.content or "" for choice in chunk.choices]
        assert "".join(heard) == work.ANSWER_TEXT

    await work.serve(ask, import_seconds=IMPORTED, began=BEGAN)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
