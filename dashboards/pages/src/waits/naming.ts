/** What people are called on the pages: 工位 and 花名 where the register knows them, else what the feed says. */

import type { Agent, Wait } from '../live/frames'

export interface Named {
  readonly seat: string | null
  readonly name: string | null
}

export function named(wait: Wait, agent: Agent | null): Named {
  return { seat: agent?.seat ?? null, name: agent?.name ?? wait.agent ?? wait.account }
}

/** `default` is the team of those who have none. */
export function teamName(team: string | null): string | null {
  return team === 'default' ? null : team
}
