-- Asks dockgate whether a request may pass to the registry. HAProxy 2.6 and newer.
--
--     http-request lua.dockgate abns@dockgate-gate /forward-auth
--     http-request deny deny_status 503 unless { var(txn.dockgate) -m str passed }
--
-- The first word is the address at which the gate is reached in plain HTTP, the second its path. A request that may pass has
-- the identity headers written, and txn.dockgate is "passed". One that may not is answered with what the gate said. Where the
-- gate said nothing, nothing is done here: that is what the second line is for. HAProxy goes on with it when Lua fails, too.

-- In milliseconds. The backend behind the address gives up sooner, and says so.
local LONGEST_WAIT = 60000
local SHORTEST_SECRET = 32
-- HAProxy 2.6 has room for tune.http.maxhdr lines in a question, 101, and does not count them.
local MOST_LINES = 80

-- What `identity_headers` of dockgate names. Each is written for every request that passes, empty if there is nothing to say.
local IDENTITY_HEADERS = { "x-auth-user", "x-auth-groups" }

-- What is said of a connection or of a body, and not of a request.
local BESIDE_THE_QUESTION = {
  "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
  "transfer-encoding", "upgrade",
}
-- What is the gate's word to HAProxy alone, or written anew by HAProxy.
local BESIDE_THE_ANSWER = { "connection", "content-length", "keep-alive", "transfer-encoding", "x-auth-user", "x-auth-groups" }

-- Read once, before HAProxy changes its root and its account: it does not start without a secret.
local function read_secret()
  local secret = os.getenv("DOCKGATE_SECRET")
  local path = os.getenv("DOCKGATE_SECRET_FILE")
  if path then
    local file, problem = io.open(path, "r")
    if not file then
      error("DOCKGATE_SECRET_FILE: " .. problem)
    end
    secret = file:read("l")
    file:close()
  end
  if not secret or #secret < SHORTEST_SECRET or secret:find("[^\33-\126]") then
    error("neither DOCKGATE_SECRET nor the file DOCKGATE_SECRET_FILE holds the secret of dockgate's `forward_auth`")
  end
  return secret
end

local SECRET = read_secret()

-- All that the client sent goes along: the gate refuses what could be read in more than one way. What HAProxy says itself
-- stands in place of what the client says under the same name.
local function question(txn)
  local headers = txn.http:req_get_headers()
  for _, name in ipairs(BESIDE_THE_QUESTION) do
    headers[name] = nil
  end
  headers["host"] = { "dockgate" }
  headers["x-dockgate-secret"] = { SECRET }
  headers["x-original-method"] = { txn.sf:method() }
  headers["x-original-uri"] = { txn.sf:url() }
  headers["x-forwarded-for"] = { txn.sf:src() }
  local lines = 0
  for _, values in pairs(headers) do
    for _ in pairs(values) do
      lines = lines + 1
    end
  end
  return lines <= MOST_LINES and headers or nil
end

local function answer(txn, status, headers, body)
  local reply = txn:reply { status = status }
  for _, name in ipairs(BESIDE_THE_ANSWER) do
    headers[name] = nil
  end
  for name, values in pairs(headers) do
    for _, value in pairs(values) do
      reply:add_header(name, value)
    end
  end
  reply:set_body(body)
  txn:done(reply)
end

core.register_action("dockgate", { "http-req" }, function(txn, address, path)
  txn:unset_var("txn.dockgate")
  local headers = question(txn)
  if not headers then
    txn:done(txn:reply { status = 431 })
  end
  local asked, reply = pcall(function()
    return core.httpclient():get { url = "http://dockgate" .. path, dst = address, headers = headers, timeout = LONGEST_WAIT }
  end)
  -- HAProxy's own answers, and those of other servers, do not count: the gate always says what it speaks for.
  if not asked or not reply.headers["docker-distribution-api-version"] then
    return
  end
  if reply.status == 200 then
    for _, name in ipairs(IDENTITY_HEADERS) do
      local told = reply.headers[name]
      txn.http:req_set_header(name, told and told[0] or "")
    end
    txn:set_var("txn.dockgate", "passed")
  else
    answer(txn, reply.status, reply.headers, reply.body)
  end
end, 2)
