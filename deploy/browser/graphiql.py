"""GraphiQL in a real Chromium: it loads, knows the schema, runs a query and a subscription, and asks nobody else.

Run by `bash deploy/test.sh browser`, which says where the binary is.
"""

import base64
import os
import pathlib
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "outside"))

from chrome import Chrome  # noqa: E402
from server import Server  # noqa: E402

RESULT = "document.querySelector('.graphiql-response')?.innerText.replace(/\\u00a0/g, ' ') ?? ''"
RUN = "button.graphiql-execute-button"


def visit(page, server):
    page.call("Page.navigate", url=server.url + "/graphiql")
    page.wait("the editor", f"!!document.querySelector({RUN!r})")
    page.wait("the query in the editor", "document.body.innerText.includes('runs')")
    print("the page loads")

    page.click('button[aria-label="Show Documentation Explorer"]')
    page.wait("the schema in the documentation", "document.body.innerText.includes('Mutation')")
    print("the schema is introspected")

    page.click(RUN)
    page.wait("the answer", f"({RESULT}).includes('\"edges\"')")
    assert '"errors"' not in page.evaluate(RESULT), page.evaluate(RESULT)
    print("the first query runs")


def watch(page, server):
    page.click(".graphiql-tab:nth-of-type(2) .graphiql-tab-button, [role=tab]:nth-of-type(2)")
    page.wait("the subscription in the editor", "document.body.innerText.includes('subscription')")
    # The editor learns a moment after a change of tabs which operation it holds; until then it runs the old one.
    for _ in range(20):
        if page.evaluate(f"document.querySelector({RUN!r}).getAttribute('aria-label').startsWith('Execute')"):
            page.click(RUN)
        page.evaluate("new Promise(done => setTimeout(done, 500))")
        if page.sockets:
            break
    assert page.sockets == [server.url.replace("http", "ws") + "/graphql"], page.sockets
    page.wait("no error of the subscription", f"!({RESULT}).includes('\"errors\"')")
    print("the subscription runs over its socket")


def judge(page, server):
    origin = server.url
    foreign = [
        url
        for url in page.requests
        if not url.startswith((origin, "data:", "blob:" + origin, "about:", "chrome"))
    ]
    assert not foreign, f"requests left the origin: {foreign}"
    assert not page.complaints, f"the console complains: {page.complaints}"
    hosts = {urllib.parse.urlparse(url).netloc for url in page.requests}
    print(f"{len(page.requests)} requests, all to {sorted(filter(None, hosts))}; the console is silent")


def main():
    with tempfile.TemporaryDirectory(prefix="dataviewer-browser-") as folder:
        server = Server(folder)
        page = Chrome()
        try:
            visit(page, server)
            watch(page, server)
            judge(page, server)
        except Exception:
            shot = pathlib.Path(os.environ.get("DATAVIEWER_SCREENSHOT", "target/graphiql.png"))
            shot.write_bytes(base64.b64decode(page.call("Page.captureScreenshot")["data"]))
            print(f"see {shot}; requests {page.requests}; console {page.complaints}", file=sys.stderr)
            raise
        finally:
            page.close()
            server.stop()


if __name__ == "__main__":
    main()
