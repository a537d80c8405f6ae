/** PHP's extensions, by the names of composer.json, and the Debian packages that bring them. */
import { PushboatError, quote } from "../core/index.ts";

/** Part of Debian's PHP itself. */
const BUILT_IN = new Set(
  (
    "calendar core ctype date exif ffi fileinfo filter ftp gettext hash iconv json libxml openssl opcache pcntl pcre pdo phar posix random " +
    "reflection session shmop simplexml sockets sodium spl standard sysvmsg sysvsem sysvshm tokenizer zend-opcache zlib"
  ).split(" "),
);

const PACKAGE_OF: Readonly<Record<string, string>> = {
  ...same("bcmath bz2 curl dba enchant gd gmp intl ldap mbstring odbc pgsql readline snmp soap sqlite3 tidy zip"),
  ...same("amqp apcu ast ds excimer gearman gnupg igbinary imagick inotify mailparse maxminddb mcrypt memcache memcached mongodb msgpack"),
  ...same("oauth pcov pspell redis rrd ssh2 uopz uuid xdebug yaml zmq"),
  ...Object.fromEntries(["dom", "simplexml", "xml", "xmlreader", "xmlwriter", "xsl"].map((name) => [name, "php-xml"])),
  ...Object.fromEntries(["mysqli", "mysqlnd", "pdo_mysql"].map((name) => [name, "php-mysql"])),
  pdo_pgsql: "php-pgsql",
  pdo_sqlite: "php-sqlite3",
  pdo_odbc: "php-odbc",
};

function same(names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, `php-${name}`]));
}

/** What hardly any app does without, and few name: frameworks read text and XML, and a database's driver is chosen by config. */
export const USUAL_EXTENSIONS: readonly string[] = ["curl", "mbstring", "pdo_mysql", "pdo_pgsql", "pdo_sqlite", "xml", "zip"];

/** names: without `ext-`. */
export function extensionPackages(names: readonly string[]): readonly string[] {
  const packages = new Set<string>();
  for (const name of names) {
    const known = PACKAGE_OF[name.toLowerCase()];
    if (known === undefined && !BUILT_IN.has(name.toLowerCase())) throw unknownExtension(name);
    if (known !== undefined) packages.add(known);
  }
  return [...packages].sort();
}

function unknownExtension(name: string): PushboatError {
  return new PushboatError({
    code: "build/php-extension",
    message: `composer.json asks for ext-${name}, and Debian 13 is not known to have ${quote(name)} for PHP`,
    hint: `There are: ${Object.keys(PACKAGE_OF).sort().join(", ")}.\nFor others write a Dockerfile that begins with FROM php:8.4-apache.`,
  });
}
