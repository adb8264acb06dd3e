// Names of query parameters whose values let their holder in.
const secretParameter =
  /(^|[&;])((?:[\w.-]*(?:token|secret|password|passwd|signature|credential|api_?key|access_?key)|pwd|sig|key|auth|code|x-amz-[\w-]+)=)[^&;]*/gi;
const userinfo = /\/\/[^/@?#]*@/;

/** A request's target, cut into path and query, with what must not be stored masked. */
export function target(url: string): { readonly path: string; readonly query: string } {
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  return {
    path: path.includes('@') ? path.replace(userinfo, '//***@') : path,
    query: at === -1 ? '' : url.slice(at + 1).replace(secretParameter, '$1$2***'),
  };
}
