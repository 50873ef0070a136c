// The rules that hosts read and those that `npm start` follows are the same, and say what the policy says.
import { describe, expect, test } from "vitest";
import { contentSecurityPolicy, securityHeaders } from "../common/policy";
import { headerRules, headersFile, headersFor } from "./headers";

const rules = headerRules();

describe("headers", () => {
  test.each([
    ["", undefined],
    ["index.html", undefined],
    ["sw.js", "no-cache"],
    ["assets/index-1a2b3c4d.js", "public, max-age=31536000, immutable"],
    ["models/vignette/assets/sw.js", undefined],
  ])("of %o hold the policy, and say how long it is kept", (path, cache) => {
    expect(headersFor(path, rules)).toEqual({ ...securityHeaders(), ...(cache === undefined ? {} : { "Cache-Control": cache }) });
  });

  test("are written as hosts read them", () => {
    const file = headersFile(rules);
    expect(file).toContain(`/*\n  Content-Security-Policy: ${contentSecurityPolicy()}\n`);
    expect(file).toContain("/sw.js\n  Cache-Control: no-cache\n");
    // One header a line, and nothing in between.
    expect(
      file
        .trimEnd()
        .split("\n")
        .filter((line) => !/^(?:\/\S+| {2}[A-Z][\w-]+: \S.*)$/.test(line)),
    ).toEqual([]);
  });
});

describe("the content security policy", () => {
  const directive = (name: string, policy: string): string | undefined => policy.split("; ").find((each) => each.startsWith(`${name} `));

  test("lets the page reach its own host and the hub, and a host's own mirrors beside them", () => {
    const own = "connect-src 'self' https://huggingface.co https://*.huggingface.co https://*.hf.co";
    expect(directive("connect-src", contentSecurityPolicy())).toBe(own);
    expect(directive("connect-src", contentSecurityPolicy(" https://a.example  https://b.example "))).toBe(
      `${own} https://a.example https://b.example`,
    );
  });

  test("lets nothing be run that is not a file of the page", () => {
    expect(directive("script-src", contentSecurityPolicy())).toBe("script-src 'self' 'wasm-unsafe-eval'");
    expect(contentSecurityPolicy()).not.toMatch(/'unsafe-inline'|'unsafe-eval'|\*(?!\.)/);
  });
});
