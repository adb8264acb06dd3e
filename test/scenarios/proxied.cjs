// Asks a server by each way through a forward proxy that its packages have; prints what failed.
const http = require('node:http');
const https = require('node:https');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const globalUndici = require('undici');

const [, , modules, given] = process.argv;
const { ports } = JSON.parse(given);
const require_ = createRequire(join(modules, 'node_modules/x'));
const proxy = `http://127.0.0.1:${ports.proxy}`;
const proxyEnv = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
const tunnelOptions = { proxy: { host: '127.0.0.1', port: ports.proxy } };

const byAgents = (plain, secure) => (url) =>
  new Promise((resolve, reject) => {
    const { get } = url.startsWith('https:') ? https : http;
    const agent = url.startsWith('https:') ? secure() : plain();
    get(url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
const byUndici = (undici, make) => async (url) => {
  const dispatcher = make(undici);
  const { body } = await undici.request(url, { dispatcher });
  await body.dump();
  await (await undici.fetch(`${url}/fetch`, { dispatcher })).text();
  await dispatcher.destroy();
};

/** Those whose package is installed there. */
function waysOf(name) {
  if (name === 'node') {
    return {
      // Older ones know no such option.
      proxyEnv: byAgents(
        () => new http.Agent({ proxyEnv }),
        () => new https.Agent({ proxyEnv }),
      ),
      'the dispatcher of fetch': async (url) => {
        const before = globalUndici.getGlobalDispatcher();
        globalUndici.setGlobalDispatcher(new globalUndici.ProxyAgent(proxy));
        await (await globalUndici.fetch(url)).text();
        globalUndici.setGlobalDispatcher(before);
      },
    };
  }
  const its = require_(name);
  if (name === 'http-proxy-agent') {
    const Agent = its.HttpProxyAgent ?? its;
    return {
      [name]: byAgents(
        () => new Agent(proxy),
        () => undefined,
      ),
    };
  }
  if (name === 'https-proxy-agent') {
    const Agent = its.HttpsProxyAgent ?? its;
    return {
      [name]: byAgents(
        () => new Agent(proxy),
        () => new Agent(proxy),
      ),
    };
  }
  if (name === 'hpagent') {
    const { HttpProxyAgent, HttpsProxyAgent } = its;
    return {
      [name]: byAgents(
        () => new HttpProxyAgent({ proxy }),
        () => new HttpsProxyAgent({ proxy }),
      ),
    };
  }
  if (name === 'tunnel') {
    return {
      [name]: byAgents(
        () => its.httpOverHttp(tunnelOptions),
        () => its.httpsOverHttp(tunnelOptions),
      ),
    };
  }
  return {
    'undici’s ProxyAgent': byUndici(its, ({ ProxyAgent }) => new ProxyAgent(proxy)),
    'undici’s tunnels': byUndici(its, ({ ProxyAgent }) => new ProxyAgent({ uri: proxy, proxyTunnel: true })),
    ...(its.EnvHttpProxyAgent && {
      'undici’s EnvHttpProxyAgent': byUndici(
        its,
        ({ EnvHttpProxyAgent }) => new EnvHttpProxyAgent({ httpProxy: proxy, httpsProxy: proxy }),
      ),
    }),
  };
}

async function main() {
  for (const name of process.argv.slice(4)) {
    for (const [what, ask] of Object.entries(waysOf(name))) {
      for (const scheme of ['http', 'https']) {
        const path = `/${scheme}/${what.replaceAll(/\W+/g, '-')}`;
        await ask(`${scheme}://localhost:${ports[scheme]}${path}`).catch((error) => console.log(path, error));
      }
    }
  }
  process.exit();
}

main();
