module.exports = require('mysql2');
