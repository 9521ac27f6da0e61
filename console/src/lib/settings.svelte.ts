// What this reader prefers, kept in this browser alone.

export type Theme = 'system' | 'light' | 'dark';

function kept(name: string): string | null {
  try { return localStorage.getItem(name); } catch { return null; }
}
function keep(name: string, value: string): void {
  try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing forgets the preference */ }
}

const theme = kept('theme');
export const settings = $state<{ theme: Theme; zone: 'utc' | 'local' }>({
  theme: theme === 'light' || theme === 'dark' ? theme : 'system',
  zone: kept('zone') === 'local' ? 'local' : 'utc',
});

function show(): void {
  if (settings.theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = settings.theme;
}
show();

export function prefer(chosen: Theme): void {
  settings.theme = chosen;
  keep('theme', chosen);
  show();
}

export function tell(zone: 'utc' | 'local'): void {
  settings.zone = zone;
  keep('zone', zone);
}
