// SPDX-License-Identifier: Apache-2.0
// What test_grpc_node.py runs: @grpc/grpc-js with @grpc/proto-loader, both unmodified, against an
// agent: health, start, list, stream, stop. Prints one JSON object with what it saw.
//   node client.js MODULES PROTO_FOLDER SOCKET PACKAGE EVENTS GENERATOR
'use strict';

const [modules, protos, socket, packageFile, count, generator] = process.argv.slice(2);
const fs = require('fs');
const path = require('path');
const { spawn } = require('child_process');
const { createRequire } = require('module');
const requireFrom = createRequire(path.join(modules, 'x.js'));
const grpc = requireFrom('@grpc/grpc-js');
const loader = requireFrom('@grpc/proto-loader');

const definition = loader.loadSync(
  ['eunomia/v1/eunomia.proto', 'grpc/health/v1/health.proto'],
  { includeDirs: [protos], keepCase: true, longs: String, enums: String, oneofs: true,
    defaults: true });
const { eunomia, grpc: { health } } = grpc.loadPackageDefinition(definition);
const address = `unix:${socket}`;
const plain = grpc.credentials.createInsecure();
const trackers = new eunomia.v1.Trackers(address, plain);
const events = new eunomia.v1.Events(address, plain);
const healthClient = new health.v1.Health(address, plain);

function call(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + 60000 },
      (error, reply) => (error ? reject(error) : resolve(reply)));
  });
}

// All events of a stream that ends by itself after its limit.
function collect(stream, onSchema) {
  return new Promise((resolve, reject) => {
    const seen = [];
    stream.on('data', (reply) => {
      if (reply.kind === 'schema') onSchema(reply.schema);
      if (reply.kind === 'batch') seen.push(...reply.batch.events);
      if (reply.kind === 'lost') reject(new Error(`lost ${reply.lost.count}`));
    });
    stream.on('error', reject);
    stream.on('end', () => resolve(seen));
  });
}

async function main() {
  const source = spawn(generator, ['getppid', count, '20000'],
    { stdio: ['pipe', 'ignore', 'inherit'] });
  const serving = await call(healthClient, 'Check', { service: '' });
  const started = await call(trackers, 'Start', {
    package: fs.readFileSync(packageFile), name: 'node',
    settings: [{ key: 'only_pid', value: String(source.pid) }] });
  const slotHealth = await call(healthClient, 'Check', { service: 'node' });
  const listed = await call(trackers, 'List', {});
  const seen = await collect(events.Stream({ slots: ['node'], limit: count }),
    () => source.stdin.end('\n'));
  const stopped = await call(trackers, 'Stop', { name: 'node' });
  let refused = null;
  await call(trackers, 'Get', { name: 'node' }).catch((error) => { refused = error.code; });
  console.log(JSON.stringify({
    serving: serving.status, slotHealth: slotHealth.status, started: started.slot.name,
    listed: listed.slots.map((slot) => slot.name), stopped: stopped.slot.state, refused,
    numbers: seen.map((event) => JSON.parse(event.json).number) }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
