// Backstage's catalog backend: `node server.mjs --config FILE`, with a way to write entities.
//
// It has no HTTP write of an entity of its own. Whatever feeds a catalog is an entity provider; this
// one takes a list of products at POST /products, and applies them as one change ("delta").
// That it answers says that the catalog keeps them and will process them, not yet that they are read.

import { createBackend } from '@backstage/backend-defaults';
import { coreServices, createBackendModule } from '@backstage/backend-plugin-api';
import { catalogProcessingExtensionPoint } from '@backstage/plugin-catalog-node';

const LOCATION = 'url:http://localhost/products';

class ProductProvider {
  getProviderName() {
    return 'products';
  }

  async connect(connection) {
    this.connection = connection;
  }

  async register(products) {
    const added = products.map(product => ({ entity: buildEntity(product), locationKey: 'products' }));
    await this.connection.applyMutation({ type: 'delta', added, removed: [] });
  }
}

function buildEntity({ name, description, domain, owner, schema, version }) {
  return {
    apiVersion: 'backstage.io/v1beta1',
    kind: 'Resource',
    metadata: {
      name,
      description,
      annotations: {
        'backstage.io/managed-by-location': LOCATION,
        'backstage.io/managed-by-origin-location': LOCATION,
      },
    },
    spec: { type: 'dataset', owner: owner.split('@')[0], domain, schema, version },
  };
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

const productModule = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'products',
  register(module) {
    module.registerInit({
      deps: { catalog: catalogProcessingExtensionPoint, router: coreServices.rootHttpRouter },
      async init({ catalog, router }) {
        const provider = new ProductProvider();
        catalog.addEntityProvider(provider);
        router.use('/products', async (request, response, next) => {
          try {
            await provider.register(await readJson(request));
            response.status(200).end('{}');
          } catch (error) {
            next(error);
          }
        });
      },
    });
  },
});

const backend = createBackend();
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(productModule);
await backend.start();
