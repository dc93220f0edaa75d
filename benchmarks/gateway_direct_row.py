"""The provider's own library, called as its documentation says: what every gateway can at best be as quick as."""

from __future__ import annotations

import time

BEGAN = time.perf_counter()
from openai import AsyncOpenAI  # noqa: E402 - how long that takes is measured

IMPORTED = time.perf_counter() - BEGAN

import asyncio  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import gateway_work as work  # noqa: E402


async def main(url: str) -> None:
    """Ask as the runner says."""
    async with AsyncOpenAI(base_url=url, api_key="sk-bench", max_retries=0) as client:
        sent = work.sent_to_openai()

        async def ask(is_streamed: bool) -> None:  # noqa: FBT001 - what the runner says
            if is_streamed:
                await _listened(client, sent)
            else:
                completion = await client.chat.completions.create(**sent)
                assert completion.choices[0].message.content == work.ANSWER_TEXT

        await work.serve(ask, import_seconds=IMPORTED, began=BEGAN)


async def _listened(client: AsyncOpenAI, sent: dict[str, Any]) -> None:
    heard: list[str] = []
    stream = await client.chat.completions.create(**sent, stream=True, stream_options={"include_usage": True})
    async for chunk in stream:
        heard += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(heard) == work.ANSWER_TEXT


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
