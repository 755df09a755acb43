// SPDX-License-Identifier: MIT
// An echo with Node.js: `node node_echo.js PORT`.
'use strict';

const net = require('net');

const server = net.createServer({noDelay: true}, (socket) => {
  socket.on('data', (data) => {
    if (!socket.write(data)) {
      socket.pause();
    }
  });
  socket.on('drain', () => socket.resume());
  socket.on('error', () => socket.destroy());
});

server.listen({port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096});
