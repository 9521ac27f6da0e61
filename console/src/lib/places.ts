// The rooms of the console: navigation, jumps and the palette know them from here.

export interface Room { path: string; name: string; key: string; icon: string; ability?: 'audit' | 'hunt' }

export const ROOMS: Room[] = [
  { path: '/', name: 'Now', key: 'n', icon: 'M8 2.5v11M2.5 8h11' },
  { path: '/incidents', name: 'Incidents', key: 'i', icon: 'M8 2 14.5 13.5H1.5ZM8 6.5v3.2' },
  { path: '/exposure', name: 'Exposure', key: 'e', icon: 'M2 5 8 2l6 3v6l-6 3-6-3ZM2 5l6 3 6-3M8 8v6' },
  { path: '/identities', name: 'Identities', key: 'u', icon: 'M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8ZM2.8 14c.4-2.7 2.5-4.2 5.2-4.2s4.8 1.5 5.2 4.2' },
  { path: '/data', name: 'Data', key: 'd', icon: 'M2.5 4c0-1.1 2.5-2 5.5-2s5.5.9 5.5 2-2.5 2-5.5 2-5.5-.9-5.5-2ZM2.5 4v8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2V4M2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2' },
  { path: '/apps', name: 'Apps and AI', key: 'a', icon: 'M2.5 2.5h4.5v4.5H2.5ZM9 2.5h4.5v4.5H9ZM2.5 9h4.5v4.5H2.5ZM11.3 9v4.5M9 11.3h4.5' },
  { path: '/detections', name: 'Detections', key: 't', icon: 'M1.5 8.5h3l2-5.5 3 10 2-4.5h3' },
  { path: '/hunt', name: 'Hunt', key: 'h', icon: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4 14 14M5 7h4', ability: 'hunt' },
  { path: '/ledger', name: 'Ledger', key: 'l', icon: 'M4 2h8.5v12H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 2ZM5.5 5.5h4.5M5.5 8.5h4.5', ability: 'audit' },
  { path: '/settings', name: 'Settings', key: 's', icon: 'M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M10.8 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM5.2 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z' },
];
