import assert from "node:assert/strict";
import { test } from "node:test";
import { changeQuery, decodeSegment, encodeSegment, formatAddress, parseAddress } from "../src/address.ts";

const HOSTILE = ["orders", "a/b", "s3://a/b:c.d", "100%", "%2F", "..", ".", "a b", "?x=1#y", "<img src=x>", "ü ☃", "a\\b", "a%252Fb"];

for (const name of HOSTILE) {
  test(`the name ${JSON.stringify(name)} is one segment, also for a gateway that decodes all but %25`, () => {
    const segment = encodeSegment(name);
    assert.match(segment, /^[^/?#\\]+$/);
    assert.notEqual(new URL(`http://a/ui/t/${segment}`).pathname, "/ui/");
    const atGateway = decodeURIComponent(segment.replaceAll("%25", "%2525"));
    assert.ok(!/[/\\]/.test(atGateway), atGateway);
    assert.equal(decodeSegment(segment), name);
    const [path = "", query = ""] = formatAddress(["t", name], { q: name }).split("?");
    const parsed = parseAddress(path, `?${query}`);
    assert.deepEqual([parsed.segments, parsed.query.get("q")], [["t", name], [name]]);
  });
}

test("a broken escape is taken as it is", () => {
  assert.equal(decodeSegment("%zz"), "%zz");
});

test("a query keeps what is not changed, drops what is empty, and repeats lists", () => {
  const { query } = parseAddress("/p/orders/lineage", "?open=a&open=b&depth=2&as_of=x");
  assert.equal(
    formatAddress(["p"], changeQuery(query, { depth: null, type: "direct", open: ["a", "b", "a"] })),
    "/p?open=a&open=b&open=a&as_of=x&type=direct",
  );
});
