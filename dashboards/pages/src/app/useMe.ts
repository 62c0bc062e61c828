/** Who is logged in, asked once for each page. */

import { shallowRef, type ShallowRef } from 'vue'

import { ask } from '../api/client'
import type { Me } from '../api/types'

const RANK = ['source', 'viewer', 'agent', 'lead', 'admin'] as const
/** A service that was away when the page was opened comes back: a lead must not stay without rights until then. */
const RETRY_MS = 5_000

const me = shallowRef<Me | null>(null)
let asked = false

export function useMe(): ShallowRef<Me | null> {
  if (!asked) {
    asked = true
    void find()
  }
  return me
}

async function find(): Promise<void> {
  const said = await ask<Me>('/v1/me')
  if (said.state === 'ok') me.value = said.data
  else if (said.state === 'failed') window.setTimeout(() => void find(), RETRY_MS)
}

/** Whether a role may do what is for another; unknown until the service has said who asks. */
export function may(who: Me | null, role: (typeof RANK)[number]): boolean {
  return who !== null && RANK.indexOf(who.role) >= RANK.indexOf(role)
}
