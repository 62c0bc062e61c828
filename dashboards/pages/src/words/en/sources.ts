import type { SourcesWords } from '../zh/sources'
import { common } from './common'

export const sources: SourcesWords = {
  ...common,
  heading: 'Sources',
  summary: (ok, total) => `${ok}/${total} well`,
  shopsCovered: (fresh, all) => `${fresh}/${all} shops seen`,
  nothing:
    'No source has connected yet. The board shows how to send a first message; docs/collector.md how to write a collector.',
  state: { ok: 'Well', catching_up: 'Delayed', stale: 'Unknown' },
  column: {
    state: 'State',
    name: 'Source · machine',
    version: 'Version',
    last: 'Last heard',
    lag: 'Lag',
    backlog: 'To send',
    gaps: 'Feed gaps',
    fault: 'Last fault',
    account: 'Account',
    login: 'Login',
    newest: 'Newest chat',
    shops: 'Shops',
  },
  missed: (times, long) => `${times === 1 ? '' : `${times}, `}${long}`,
  since: (ago) => `since ${ago}`,
  noAccount: '(no account named)',
  catchingUp: 'catching up',
  search: 'Find a source, machine, account or shop',
  onlyTrouble: 'Only in trouble',
  noneFits: 'No source fits',
  uncovered: 'Shops nobody sees',
  uncoveredHint: 'No source shows these shops now: their waits are unknown and nobody is blamed.',
}
