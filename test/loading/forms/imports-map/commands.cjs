exports.execFile = require('child_process').execFile;
