/** nginx for static sites, as data: how it is unpacked, how it is started, what it calls files. The identity of its layer. */

/** dpkg-deb only unpacks: no maintainer script runs, no user is made, dpkg's own records stay those of the base. */
export const UNPACK = `set -e
mkdir -p /layer /tmp/apt/lists/partial /tmp/apt/archives/partial
options="-o APT::Sandbox::User=root -o Dir::State::lists=/tmp/apt/lists -o Dir::Cache=/tmp/apt -o Dir::Cache::archives=/tmp/apt/archives -o Acquire::Languages=none"
apt-get $options -qq update
apt-get $options -qq -y --no-install-recommends --download-only install nginx >/dev/null
dpkg-deb --extract /tmp/apt/archives/nginx_*.deb /layer
# Its other dependencies are for the package's scripts only; this fails where a library is missing.
/layer/usr/sbin/nginx -v
rm -rf /layer/etc /layer/lib/systemd /layer/usr/lib/systemd /layer/usr/share /layer/var /layer/usr/lib/nginx/modules`;

/** As the app user: everything that nginx writes goes to /tmp and its logs to the container's. */
export const SERVE = `#!/bin/sh
# serve-static DIRECTORY single-page|by-files: nginx on $PORT.
set -eu
# What generators of sites call the page for everything that is no file: SvelteKit and Nuxt, React Router.
if [ -f "$1/200.html" ]; then missing=/200.html
elif [ -f "$1/__spa-fallback.html" ]; then missing=/__spa-fallback.html
elif [ "$2" = single-page ]; then missing=/index.html
else missing='=404'
fi
mkdir -p /tmp/nginx
cat > /tmp/nginx/nginx.conf <<CONF
daemon off;
worker_processes 1;
pid /tmp/nginx/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  include /usr/local/lib/pushboat/mime.types;
  default_type application/octet-stream;
  charset utf-8;
  charset_types text/css text/javascript text/plain text/xml text/markdown text/calendar text/csv application/json application/manifest+json application/rss+xml application/atom+xml image/svg+xml;
  sendfile on;
  tcp_nopush on;
  etag on;
  # Files have old dates (of their content); without this, browsers guess a lifetime of years from them.
  add_header Cache-Control "public, max-age=0, must-revalidate";
  gzip_static on;
  server_tokens off;
  absolute_redirect off;
  log_format short '\\$request_method \\$request_uri \\$status \\$body_bytes_sent';
  access_log /dev/stdout short;
  client_body_temp_path /tmp/nginx/body;
  proxy_temp_path /tmp/nginx/proxy;
  fastcgi_temp_path /tmp/nginx/fastcgi;
  uwsgi_temp_path /tmp/nginx/uwsgi;
  scgi_temp_path /tmp/nginx/scgi;
  server {
    listen \${PORT:-8080};
    root $1;
    index index.html;
    error_page 404 /404.html;
    location ~ /\\.(?!well-known/) { return 404; }
    location / { try_files \\$uri \\$uri/ \\$uri.html $missing; }
  }
}
CONF
exec /usr/sbin/nginx -e stderr -c /tmp/nginx/nginx.conf
`;

/** IANA's registrations for what a site is made of. */
export const MIME_TYPES = `types {
  text/html html htm;
  text/css css;
  text/javascript js mjs;
  text/plain txt;
  text/xml xml;
  text/markdown md;
  text/calendar ics;
  text/csv csv;
  application/json json map;
  application/manifest+json webmanifest;
  application/rss+xml rss;
  application/atom+xml atom;
  application/wasm wasm;
  application/pdf pdf;
  application/zip zip;
  application/gzip gz;
  image/png png;
  image/jpeg jpg jpeg;
  image/gif gif;
  image/webp webp;
  image/avif avif;
  image/svg+xml svg svgz;
  image/x-icon ico;
  image/bmp bmp;
  font/woff woff;
  font/woff2 woff2;
  font/ttf ttf;
  font/otf otf;
  audio/mpeg mp3;
  audio/ogg ogg;
  audio/wav wav;
  video/mp4 mp4;
  video/webm webm;
  video/quicktime mov;
}
`;
