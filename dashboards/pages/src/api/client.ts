/** Questions to the service's own API, and acts. Every answer says how it went; nothing is thrown at a page. */

export type Answer<T> =
  | { readonly state: 'ok'; readonly data: T }
  /** The service does not offer this, or there is no such thing (any more). */
  | { readonly state: 'missing' }
  /** Somebody was faster. */
  | { readonly state: 'conflict'; readonly data: T }
  /** Nobody is logged in (any more), or who is may not do this. */
  | { readonly state: 'refused'; readonly loggedIn: boolean; readonly why: string }
  /** `why` is empty where nobody answered: what a browser says of that is for its makers. */
  | { readonly state: 'failed'; readonly why: string }

/** Long enough for a big floor, short enough that a dead line is noticed. */
const GIVE_UP_MS = 20_000

export async function ask<T>(
  path: string,
  act?: { method: 'POST' | 'DELETE'; body?: unknown },
): Promise<Answer<T>> {
  const giveUp = new AbortController()
  const timer = window.setTimeout(() => {
    giveUp.abort()
  }, GIVE_UP_MS)
  try {
    const answer = await fetch(path, {
      method: act?.method ?? 'GET',
      credentials: 'same-origin',
      signal: giveUp.signal,
      ...(act?.body === undefined
        ? {}
        : { body: JSON.stringify(act.body), headers: { 'content-type': 'application/json' } }),
    })
    return await read<T>(answer)
  } catch {
    return { state: 'failed', why: '' }
  } finally {
    window.clearTimeout(timer)
  }
}

async function read<T>(answer: Response): Promise<Answer<T>> {
  if (answer.ok) {
    const text = await answer.text()
    return { state: 'ok', data: (text === '' ? null : JSON.parse(text)) as T }
  }
  if (answer.status === 409) return { state: 'conflict', data: (await answer.json()) as T }
  if (answer.status === 404) return { state: 'missing' }
  const why = await reason(answer)
  if (answer.status !== 401 && answer.status !== 403) return { state: 'failed', why }
  return { state: 'refused', loggedIn: answer.status === 403, why }
}

async function reason(answer: Response): Promise<string> {
  try {
    const said = (await answer.json()) as { error?: unknown }
    if (typeof said.error === 'string') return said.error
  } catch {
    // No JSON: something between us and the service answered.
  }
  return `HTTP ${answer.status}`
}

/** The address of one thing by its name, whatever is in the name. */
export function at(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join('/')}`
}
