// A Vite plugin that gives the page its headers (common/policy.ts) everywhere: as `_headers` for hosts that read it, from `npm start`,
// and the content security policy also as a meta element for hosts that can send no headers. It does nothing to the dev server, whose
// reloading needs inline scripts.
import type { Plugin } from "vite";
import { contentSecurityPolicy, securityHeaders } from "../common/policy.ts";

interface Rule {
  /** Below the page's folder; `*` at its end stands for anything. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every rule whose path fits holds. The service worker's script is asked for anew at each visit, and names in `assets` are never used twice. */
export function headerRules(moreOrigins?: string): readonly Rule[] {
  return [
    { path: "*", headers: securityHeaders(moreOrigins) },
    { path: "assets/*", headers: { "Cache-Control": "public, max-age=31536000, immutable" } },
    { path: "sw.js", headers: { "Cache-Control": "no-cache" } },
  ];
}

/** @param path below the page's folder, without the leading slash */
export function headersFor(path: string, rules: readonly Rule[]): Readonly<Record<string, string>> {
  const fits = (rule: Rule): boolean => (rule.path.endsWith("*") ? path.startsWith(rule.path.slice(0, -1)) : path === rule.path);
  return Object.assign({}, ...rules.filter(fits).map(({ headers }) => headers));
}

/** The format of Netlify and Cloudflare Pages, for a page at the root of its host. */
export function headersFile(rules: readonly Rule[]): string {
  const lines = ({ path, headers }: Rule): readonly string[] => [
    `/${path}`,
    ...Object.entries(headers).map((header) => `  ${header.join(": ")}`),
  ];
  return `${rules.flatMap(lines).join("\n")}\n`;
}

export function headers(moreOrigins?: string): Plugin {
  const rules = headerRules(moreOrigins);
  return {
    name: "onestroke-headers",
    apply: (_, { command, isPreview }) => command === "build" || isPreview === true,
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: contentSecurityPolicy(moreOrigins) },
        injectTo: "head-prepend",
      },
    ],
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "_headers", source: headersFile(rules) });
    },
    configurePreviewServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        for (const [name, value] of Object.entries(headersFor(pathname.slice(1), rules))) response.setHeader(name, value);
        next();
      });
    },
  };
}
