/** Who is logged in, asked once for each page. */

import { shallowRef, type ShallowRef } from 'vue'

import { ask } from '../api/client'
import type { Me } from '../api/types'

const RANK = ['source', 'viewer', 'agent', 'lead', 'admin'] as const

const me = shallowRef<Me | null>(null)
let asked = false

export function useMe(): ShallowRef<Me | null> {
  if (!asked) {
    asked = true
    void ask<Me>('/v1/me').then((said) => {
      if (said.state === 'ok') me.value = said.data
    })
  }
  return me
}

/** Whether a role may do what is for another; unknown until the service has said who asks. */
export function may(who: Me | null, role: (typeof RANK)[number]): boolean {
  return who !== null && RANK.indexOf(who.role) >= RANK.indexOf(role)
}
