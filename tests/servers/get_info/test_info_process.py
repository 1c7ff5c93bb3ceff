import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

pytestmark = pytest.mark.real


async def test_the_process_serves_a_folder_and_picks_up_a_change(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: 甲\nfields: {x: {value: y, private: true}}\n", encoding="utf-8")
    command = ["-m", "tao_servers.get_info", "--folder", str(tmp_path), "--private"]
    with anyio.fail_after(30):
        async with Client(StdioServerParameters(command=sys.executable, args=command)) as client:
            first = await client.call_tool("get_info", {"subject": "甲"})
            (tmp_path / "a.yaml").write_text("name: 甲\nfields: {x: z}\n", encoding="utf-8")
            second = await client.call_tool("get_info", {"subject": "甲"})
            now = await client.call_tool("get_time", {"place": "上海"})
    assert (first.structured_content or {})["items"] == [{"name": "x", "value": "y"}]
    assert (second.structured_content or {})["items"] == [{"name": "x", "value": "z"}]
    assert (now.structured_content or {})["time_zone"] == "Asia/Shanghai"
