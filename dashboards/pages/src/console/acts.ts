/** What a lead does about one wait. An alert has the id of its wait. */

import { ask, at, type Answer } from '../api/client'

export type Act = 'claim' | 'release' | 'resolve' | 'mute'

const MUTE_SECONDS = 600

export function act(wait: string, what: Act): Promise<Answer<unknown>> {
  const body = what === 'mute' ? { seconds: MUTE_SECONDS } : undefined
  return ask(at('alerts', wait, what), { method: 'POST', ...(body === undefined ? {} : { body }) })
}

export function dismiss(wait: string, reason: string): Promise<Answer<unknown>> {
  return ask(at('waits', wait, 'dismiss'), { method: 'POST', body: { reason } })
}
