/** What a lead does about one wait. An alert has the id of its wait. */

import { ask, at, type Answer } from '../api/client'
import type { ActedOnAll } from '../api/types'

export type Act = 'claim' | 'release' | 'resolve' | 'mute'

export function act(wait: string, what: Act): Promise<Answer<ActedOnAll>> {
  return ask(at('alerts', wait, what), { method: 'POST' })
}

export function dismiss(wait: string, reason: string): Promise<Answer<unknown>> {
  return ask(at('waits', wait, 'dismiss'), { method: 'POST', body: { reason } })
}
