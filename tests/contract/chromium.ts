/** A headless Chromium, driven over the DevTools protocol. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheRoot } from '../../lib/base/home.ts';
import { runToEnd } from '../../lib/base/process/run.ts';

const project = join(import.meta.dirname, '../..');

interface Found {
  program: string;
  env: Record<string, string>;
}

/**
 * The Chromium of the variable CHROMIUM, on PATH, or of Debian's packages, which are then unpacked and not installed. Returns
 * why there is none.
 */
export async function findChromium(): Promise<Found | string> {
  const given = process.env.CHROMIUM;
  if (given) return existsSync(given) ? { program: given, env: {} } : `CHROMIUM=${given} does not exist`;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const [onPath] = folders.flatMap((folder) => names.map((name) => join(folder, name))).filter(existsSync);
  if (onPath !== undefined) return { program: onPath, env: {} };
  return await unpackedChromium();
}

/** It runs with the libraries of its own suite, but with the computer's C library: the program loads itself again by its path. */
async function unpackedChromium(): Promise<Found | string> {
  const packages = readFileSync(join(project, 'tests/fixtures/chromium/packages'), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(' ').filter(Boolean));
  const debs = join(cacheRoot(), 'debs', 'chromium');
  const root = join(cacheRoot(), 'chromium');
  const script = `set -eu
"$1/setup/debs" bookworm "$2" ${packages.join(' ')}
[ "$(cat "$3/manifest" 2>/dev/null)" != "$(cat "$2/manifest")" ] || exit 0
rm -rf "$3" "$3.part"
mkdir -p "$3.part"
for deb in "$2"/*.deb; do
  case \${deb##*/} in libc6_* | libc-bin_*) ;; *) dpkg-deb -x "$deb" "$3.part" ;; esac
done
cp "$2/manifest" "$3.part/"
mv "$3.part" "$3"`;
  const { exitCode, stderr } = await runToEnd('sh', ['-c', script, 'sh', project, debs, root], {
    timeoutSeconds: 1800,
  });
  if (exitCode !== 0) return `Debian’s chromium cannot be fetched: ${stderr.trim().slice(-500)}`;
  const fonts = join(root, 'fonts.conf');
  writeFileSync(
    fonts,
    `<fontconfig><dir>${root}/usr/share/fonts</dir><cachedir>${root}/font-cache</cachedir></fontconfig>`,
  );
  const libraries = globSync('{usr/lib,lib}/*-linux-gnu{,/pulseaudio}', { cwd: root });
  const env = {
    LD_LIBRARY_PATH: libraries.map((each) => join(root, each)).join(':'),
    FONTCONFIG_FILE: fonts,
  };
  const program = join(root, 'usr/lib/chromium/chromium');
  const started = await runToEnd(program, ['--version'], { env, timeoutSeconds: 60 });
  return started.exitCode === 0
    ? { program, env }
    : `Debian’s chromium does not start here: ${started.stderr.trim().slice(-500)}`;
}

type Message = {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  sessionId?: string;
  result?: Record<string, unknown>;
  error?: { message: string };
};

export interface Screen {
  width: number;
  height: number;
  theme: 'light' | 'dark';
}

export class Chromium {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-chromium-'));
  readonly #child;
  #socket: WebSocket | undefined;
  #calls = 0;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #pages = new Map<string, Page>();

  constructor({ program, env }: Found) {
    mkdirSync(join(this.#folder, 'home'));
    const options = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-extensions',
      '--no-first-run',
      '--hide-scrollbars',
      '--remote-debugging-port=0',
    ];
    this.#child = spawn(
      program,
      [...options, `--user-data-dir=${join(this.#folder, 'data')}`, 'about:blank'],
      {
        env: { ...process.env, ...env, HOME: join(this.#folder, 'home') },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
  }

  async start(): Promise<void> {
    const address = await new Promise<string>((resolve, reject) => {
      let text = '';
      this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const [, url] = /DevTools listening on (ws:\S+)/.exec(text) ?? [];
        if (url) resolve(url);
      });
      this.#child.once('error', reject);
      this.#child.once('exit', (code) =>
        reject(new Error(`chromium ended with ${code}: ${text.slice(-2000)}`)),
      );
    });
    this.#socket = new WebSocket(address);
    this.#socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))));
    await new Promise((resolve, reject) => {
      this.#socket?.addEventListener('open', resolve);
      this.#socket?.addEventListener('error', reject);
    });
  }

  async page(screen: Screen): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    this.#pages.set(String(sessionId), page);
    await page.prepare(screen);
    return page;
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {}),
      );
      this.#socket?.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else if (message.sessionId !== undefined) this.#pages.get(message.sessionId)?.take(message);
  }

  async close(): Promise<void> {
    const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
    if (!ended) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exit;
    }
    // Its helpers end a moment later, and write until then.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

class Page {
  /** Errors of scripts, of the console and of the policy. */
  readonly problems: string[] = [];
  /** Addresses of everything that was loaded. */
  readonly requests: string[] = [];
  readonly #chromium: Chromium;
  readonly #session: string;
  #loaded: (() => void) | undefined;

  constructor(chromium: Chromium, session: string) {
    this.#chromium = chromium;
    this.#session = session;
  }

  send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.#chromium.send(method, params, this.#session);
  }

  async prepare({ width, height, theme }: Screen): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    await this.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: theme }],
    });
  }

  take({ method, params = {} }: Message): void {
    if (
      method === 'Runtime.exceptionThrown' ||
      method === 'Log.entryAdded' ||
      (method === 'Runtime.consoleAPICalled' && params.type === 'error')
    )
      this.problems.push(JSON.stringify(params));
    else if (method === 'Network.requestWillBeSent')
      this.requests.push((params.request as { url: string }).url);
    else if (method === 'Page.loadEventFired') this.#loaded?.();
  }

  async open(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.send('Page.navigate', { url });
    await loaded;
  }

  /** The value of an expression, which may be a promise. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: Value }).value;
  }

  async press(key: string): Promise<void> {
    const text = key.length === 1 ? key : key === 'Enter' ? '\r' : undefined;
    const code = { Tab: 9, Enter: 13, Escape: 27 }[key];
    for (const type of ['keyDown', 'keyUp'])
      await this.send('Input.dispatchKeyEvent', {
        type,
        key,
        windowsVirtualKeyCode: code,
        text: type === 'keyDown' ? text : undefined,
      });
  }

  async close(): Promise<void> {
    await this.send('Page.close');
  }

  async screenshot(options: object = {}): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', ...options });
    return Buffer.from(String(data), 'base64');
  }
}
