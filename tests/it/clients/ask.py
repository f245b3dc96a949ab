"""One conversation of the Python package `mcp` with a server: `ask.py PROGRAM MODE QUESTION`, a report on stdout."""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters


async def main(program: str, mode: str, question: str) -> None:
    server = StdioServerParameters(command=program, args=["serve"], env=dict(os.environ))
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        tools = await client.list_tools()
        found = await client.call_tool("search_knowledge", {"query": question, "limit": 3})
        assert not found.is_error, found
        first = found.structured_content["results"][0]["citation"]
        page = await client.call_tool("read_document", {"document": first["document"]})
        link = next(block for block in found.content if block.type == "resource_link")
        resource = await client.read_resource(str(link.uri))
        bad = await client.call_tool("search_knowledge", {"query": question, "limit": 0})
        calls = [client.call_tool("search_knowledge", {"query": f"{question} {n}"}) for n in range(20)]
        answers = await asyncio.gather(*calls)
        report = {
            "protocol": client.protocol_version,
            "server": client.server_info.name,
            "tools": sorted(tool.name for tool in tools.tools),
            "document": first["document"],
            "page": page.structured_content["text"],
            "resource": resource.contents[0].text,
            "bad_arguments_are_results": bad.is_error and "hint:" in bad.content[0].text,
            "concurrent": sum(not answer.is_error for answer in answers),
        }
    print(json.dumps(report))


asyncio.run(main(*sys.argv[1:]))
