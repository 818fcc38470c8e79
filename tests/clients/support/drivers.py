"""One interface over every client, so that a test can be given each of them in turn."""

import asyncio

from databend_driver import AsyncDatabendClient, BlockingDatabendClient

from support import node


def python(dsn, *statements):
    """The blocking driver for Python: the last statement's rows as tuples of Python values."""
    connection = BlockingDatabendClient(dsn).get_conn()
    try:
        rows = []
        for statement in statements:
            rows = [row.values() for row in connection.query_iter(statement)]
        return rows
    finally:
        connection.close()


def python_async(dsn, *statements):
    """The asynchronous one."""

    async def run():
        connection = await AsyncDatabendClient(dsn).get_conn()
        try:
            rows = []
            for statement in statements:
                rows = [row.values() async for row in await connection.query_iter(statement)]
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())


def node_driver(dsn, *statements):
    """The driver for Node, each value as its text."""
    return [tuple(node.text(value) for value in row) for row in node.query(dsn, *statements)]
