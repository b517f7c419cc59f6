// Talks to the simulators under the page's own address.

async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(await reason(response));
  return response.json();
}

async function reason(response) {
  const fallback = `The demo answered with status ${response.status}.`;
  const body = await response.json().catch(() => ({}));
  return body.error?.message ?? body.message ?? fallback;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What to show a person about a call that failed. */
export function troubleOf(error) {
  return error instanceof TypeError ? "The demo does not answer. Is it still running?" : error.message;
}
