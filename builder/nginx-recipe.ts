/** nginx for static sites, as data: how it is unpacked, how it is started, what it calls files. The identity of its layer. */

/** dpkg-deb only unpacks: no maintainer script runs, no user is made, dpkg's own records stay those of the base. */
export const UNPACK = `set -e
mkdir -p /layer /tmp/apt/lists/partial /tmp/apt/archives/partial
options="-o APT::Sandbox::User=root -o Dir::State::lists=/tmp/apt/lists -o Dir::Cache=/tmp/apt -o Dir::Cache::archives=/tmp/apt/archives -o Acquire::Languages=none"
apt-get $options -qq update
apt-get $options -qq -y --no-install-recommends --download-only install nginx libnginx-mod-http-brotli-static >/dev/null
for name in nginx libnginx-mod-http-brotli-static libbrotli1; do
  for archive in /tmp/apt/archives/"$name"_*.deb; do [ ! -e "$archive" ] || dpkg-deb --extract "$archive" /layer; done
done
# Its other dependencies are for the package's scripts only; this fails where a library is missing.
/layer/usr/sbin/nginx -v
rm -rf /layer/etc /layer/lib/systemd /layer/usr/lib/systemd /layer/usr/share /layer/var
test -e /layer/usr/lib/nginx/modules/ngx_http_brotli_static_module.so`;

/** As the app user: everything that nginx writes goes to /tmp and its logs to the container's. */
export const SERVE = String.raw`#!/bin/sh
# serve-static DIRECTORY single-page|by-files: nginx on $PORT. SITE_*: what the site's own rules came to.
set -e
# What generators of sites call the page for everything that is no file: SvelteKit and Nuxt, React Router.
if [ -f "$1/200.html" ]; then missing=/200.html
elif [ -f "$1/__spa-fallback.html" ]; then missing=/__spa-fallback.html
elif [ "$2" = single-page ]; then missing=/index.html
else missing=
fi
fallback="return 404;"
[ -z "$missing" ] || fallback="try_files $missing =404;"
# The repository itself is served: what it says to the platform is no page.
own=
if [ "$1" = /app ]; then
  own='|app[.]json|pushboat[.]yml|static[.]json|netlify[.]toml|vercel[.]json|Procfile|Aptfile|Dockerfile|package(?:-lock)?[.]json|yarn[.]lock|pnpm-lock[.]yaml'
fi
[ -n "$SITE_ERROR_PAGE" ] || SITE_ERROR_PAGE=/404.html
[ -n "$PORT" ] || PORT=8080
mkdir -p /tmp/nginx
cat > /tmp/nginx/nginx.conf <<CONF
load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;
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
  gzip on;
  gzip_static on;
  gzip_vary on;
  gzip_proxied any;
  gzip_comp_level 5;
  gzip_min_length 1024;
  gzip_types text/css text/javascript text/plain text/xml text/markdown text/calendar text/csv application/json application/manifest+json application/rss+xml application/atom+xml application/wasm image/svg+xml image/x-icon font/ttf font/otf;
  brotli_static on;
  server_tokens off;
  absolute_redirect off;
  log_format short '\$request_method \$request_uri \$status \$body_bytes_sent';
  access_log /dev/stdout short;
  client_body_temp_path /tmp/nginx/body;
  proxy_temp_path /tmp/nginx/proxy;
  fastcgi_temp_path /tmp/nginx/fastcgi;
  uwsgi_temp_path /tmp/nginx/uwsgi;
  scgi_temp_path /tmp/nginx/scgi;
  geo \$site_dollar { default "\$"; }
  # As it was sent, so that nothing decoded gets into a header; never //HOST, which is an address elsewhere.
  map \$request_uri \$sent_path {
    "~^(?<site_path>/(?![/\x5C])[^?]*)" \$site_path;
    default /;
  }
  # What a builder has named by its content: it never changes.
  map \$uri \$hashed {
    "~^/(?:_next/static|_nuxt|_astro|_app/immutable)/.*[^/]\$" 1;
    "~^/(?:assets|media)/(?:.*/)?[^/]*[.-](?=[\w-]*[A-Za-z])(?=[\w-]*[0-9_]|[\w-]+[A-Z])[\w-]{8,10}[.]\w+(?:[.]map)?\$" 1;
    "~^/(?:.*/)?[^/]+[.-](?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}[.](?:chunk[.])?\w+(?:[.]map)?\$" 1;
    "~^/(?:main|polyfills|styles|scripts|chunk)-[A-Z0-9]{8}[.](?:js|css)(?:[.]map)?\$" 1;
    default 0;
  }
  # Files have old dates (of their content); without this, browsers guess a lifetime of years from them.
  map "\$status \$hashed" \$pushboat_cache {
    "~^(?:200|206|304) 1\$" "public, max-age=31536000, immutable";
    default "public, max-age=0, must-revalidate";
  }
$SITE_HTTP
  server {
    listen $PORT;
    root $1;
    index index.html;
$SITE_HEADERS
    error_page 404 @not_found;
    # A directory without a page.
    error_page 403 = @missing;
$SITE_FIRST
    location ~ /[.](?!well-known/) { return 404; }
    location ~ ^/(?:_headers|_redirects$own)\$ { return 404; }
    # A page of an older deployment asks for them: a page instead of a script would only confuse it.
    location ~ ^/(?:_next/static|_nuxt|_astro|_app/immutable|assets|static)/.*[.](?:js|mjs|css|map|woff2?)\$ { try_files \$uri @missing_asset; }
    location / {
      # A directory without a page is an error already; not to be found is another, and has its page all the same.
      recursive_error_pages on;
      try_files \$uri \$uri/ \$uri.html @missing;
    }
    location @missing {
$SITE_MISSING
      $fallback
    }
    location @missing_asset {
$SITE_MISSING_ASSET
      return 404;
    }
    location @not_found { try_files $SITE_ERROR_PAGE =404; }
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
