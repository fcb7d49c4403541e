import './workers.js';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './page.css';
import firstTabs from './first-tabs.js';

// The page lies beside the endpoint, whatever path a proxy puts in front of both.
const endpoint = new URL('./graphql', window.location.href);
const socket = new URL(endpoint);
socket.protocol = socket.protocol.replace('http', 'ws');

const fetcher = createGraphiQLFetcher({
  url: endpoint.href,
  wsClient: createClient({ url: socket.href, lazy: true }),
});

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL fetcher={fetcher} defaultTabs={firstTabs} shouldPersistHeaders={false} />,
);
