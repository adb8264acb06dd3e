const { receive } = require('./receive.cjs');

receive(process.argv[2], process, (answer) => process.send(answer));
