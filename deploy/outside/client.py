"""Somebody else's GraphQL client (`gql`): uploads by multipart, subscriptions by WebSocket."""

import asyncio

from gql import Client, FileVar, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

UPLOAD = """mutation Upload($input: UploadLogInput!) {
  uploadLog(input: $input) {
    ... on UploadLogPayload { duplicate run { id } job { id } }
    ... on Problem { code message }
  }
}"""

REGISTER = """mutation Register($input: RegisterDbcInput!) {
  registerDbc(input: $input) {
    ... on RegisterDbcPayload { dbc { id messageCount diagnostics { code } } }
    ... on Problem { code message }
  }
}"""

FOLLOW = """subscription Follow($id: ID!) {
  job(id: $id) { job { state stage progress { fraction done total warnings } failure { code message hint } } }
}"""


def request(text, **variables):
    document = gql(text)
    document.variable_values = variables
    return document


def execute(server, text, **variables):
    """A query or mutation; with a `FileVar` in its input a multipart request."""
    with_file = "file" in variables.get("input", {})
    transport = AIOHTTPTransport(url=server.url + "/graphql", headers={"graphql-require-preflight": "1"}, timeout=120)

    async def run():
        async with Client(transport=transport, execute_timeout=120) as session:
            return await session.execute(request(text, **variables), upload_files=with_file)

    return asyncio.run(run())


def follow(server, job):
    """Every event of a job's subscription, until the server completes it."""
    url = server.url.replace("http", "ws", 1) + "/graphql"
    transport = WebsocketsTransport(url=url, subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL])

    async def run():
        async with Client(transport=transport) as session:
            return [event["job"]["job"] async for event in session.subscribe(request(FOLLOW, id=job))]

    return asyncio.run(asyncio.wait_for(run(), 120))


def register(server, path):
    answer = execute(server, REGISTER, input={"file": FileVar(str(path))})["registerDbc"]
    return answer["dbc"]["id"]


def upload(server, path, **fields):
    """The payload of `uploadLog`, and the events of the conversion."""
    sent = execute(server, UPLOAD, input={"file": FileVar(str(path)), **fields})["uploadLog"]
    assert "code" not in sent, sent
    return sent, follow(server, sent["job"]["id"])
