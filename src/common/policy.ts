// What the page and its workers may do, told to the browser in headers. This is the policy's only source: the build writes it into
// the page and into `_headers`, `npm start` sends it, and the service worker adds it where a host sends no headers.
// A worker takes its policy from the answer that brought its script, not from the page, so scripts carry it too.

/** Where checkpoints come from, besides the page's own host. The hub's files lie on several hosts, which it redirects to. */
const HUB = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"];

/** @param moreOrigins other hosts that models may be fetched from, separated by spaces; the build's `VITE_MODEL_ORIGINS` */
export function contentSecurityPolicy(moreOrigins = ""): string {
  return [
    "default-src 'none'",
    // ONNX Runtime and the hashes of files are WebAssembly, which counts as made from a string.
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    ["connect-src 'self'", ...HUB, ...moreOrigins.split(" ").filter(Boolean)].join(" "),
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    // No text becomes a script, and only `ownScript` makes the address of one (own-script.ts).
    "require-trusted-types-for 'script'",
    "trusted-types app",
  ].join("; ");
}

/** Headers of every answer. The page needs no cross-origin isolation, and may stand in another page's frame. */
export function securityHeaders(moreOrigins?: string): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": contentSecurityPolicy(moreOrigins),
    "Cross-Origin-Opener-Policy": "same-origin",
    // A picture to draw over may be taken with the camera, by the page alone.
    "Permissions-Policy": "camera=(self), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
}
