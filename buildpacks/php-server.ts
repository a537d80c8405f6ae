/** Apache with PHP inside: one tree of processes, whose head is the container's. What .htaccess files say is followed, as the frameworks expect. */

/** serve-php DOCUMENT-ROOT front-controller|files: Apache on $PORT. */
export const SERVE_PHP = "/usr/local/bin/serve-php";

const CONFIG = "/usr/local/lib/pushboat/apache.conf";

const MODULES: readonly string[] = [
  ...["mpm_prefork", "authn_core", "authn_file", "authz_core", "authz_host", "authz_user", "auth_basic", "access_compat"],
  ...["alias", "deflate", "dir", "env", "expires", "filter", "headers", "mime", "negotiation", "rewrite", "setenvif"],
];

/**
 * As the app user: everything that Apache writes goes to /tmp, its errors to the container's log; the router has an access log.
 * A dot file, and at the root what is no page, is nobody's to read.
 */
const APACHE = `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
LoadModule php_module /usr/lib/apache2/modules/libphp8.4.so
ServerName localhost
Listen 0.0.0.0:\${PORT}
ServerTokens Prod
DefaultRuntimeDir /tmp
PidFile /tmp/apache2.pid
ErrorLog "|$/bin/cat 1>&2"
ErrorLogFormat "%M"
LogLevel warn
TypesConfig /etc/mime.types
# The router keeps connections for some seconds; whoever closes first must not be Apache.
KeepAliveTimeout 75
MaxKeepAliveRequests 0
GracefulShutdownTimeout 30
StartServers 2
MinSpareServers 1
MaxSpareServers 4
ServerLimit \${WEB_CONCURRENCY}
MaxRequestWorkers \${WEB_CONCURRENCY}
SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
DocumentRoot "\${DOCUMENT_ROOT}"
DirectoryIndex index.php index.html
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
<Directory />
  Require all denied
  AllowOverride None
</Directory>
<Directory "\${DOCUMENT_ROOT}">
  Require all granted
  AllowOverride All
  Options FollowSymLinks
  <IfDefine FrontController>
    FallbackResource /index.php
  </IfDefine>
</Directory>
<DirectoryMatch "/\\.(?!well-known)">
  Require all denied
</DirectoryMatch>
<DirectoryMatch "^/app/(?:vendor|node_modules|tests)(?:/|$)">
  Require all denied
</DirectoryMatch>
<FilesMatch "^(?:\\..*|composer\\.(?:json|lock)|package(?:-lock)?\\.json|Procfile|Aptfile|app\\.json|pushboat\\.yml|artisan)$">
  Require all denied
</FilesMatch>`;

const SERVE = `#!/bin/sh
set -eu
export DOCUMENT_ROOT="$1" WEB_CONCURRENCY="\${WEB_CONCURRENCY:-20}"
controller=''
[ "$2" != front-controller ] || controller='-D FrontController'
exec apache2 -f ${CONFIG} -D FOREGROUND $controller`;

/** Errors go to the log and to no visitor; $_ENV has the config. */
const INI = `expose_php = Off
display_errors = Off
display_startup_errors = Off
log_errors = On
html_errors = Off
variables_order = EGPCS
memory_limit = 256M
upload_max_filesize = 64M
post_max_size = 64M
opcache.memory_consumption = 64`;

/** For the layer: run when the packages are there. */
export const INSTALL_SERVER = `set -e
mkdir -p /usr/local/lib/pushboat
cat > ${CONFIG} <<'CONFIG'
${APACHE}
CONFIG
cat > ${SERVE_PHP} <<'SERVE'
${SERVE}
SERVE
chmod 755 ${SERVE_PHP}
for sapi in apache2 cli; do
cat > /etc/php/8.4/$sapi/conf.d/90-pushboat.ini <<'INI'
${INI}
INI
done
PORT=5000 DOCUMENT_ROOT=/app WEB_CONCURRENCY=4 apache2 -f ${CONFIG} -t`;
