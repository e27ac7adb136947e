-- Asks dockgate whether a request may pass to the registry. HAProxy 2.6 and newer.
--
--     http-request lua.dockgate abns@dockgate-gate /forward-auth
--     http-request deny deny_status 503 unless { var(txn.dockgate) -m str passed }
--
-- The first word is the address at which the gate is reached in plain HTTP, the second its path. A request that may pass has
-- the identity headers written, and txn.dockgate is "passed". One that may not is answered with what the gate said. Where
-- the gate said nothing, nothing is done here: the second line is there for that, and for when Lua fails, since HAProxy goes
-- on then.

-- In milliseconds. The backend behind the address gives up sooner, and says so.
local LONGEST_WAIT = 60000
local SHORTEST_SECRET = 32
-- HAProxy 2.6 has room for tune.http.maxhdr lines in a question, 101, and does not count them.
local MOST_LINES = 80

-- What `identity_headers` of dockgate names. Each is written for every request that passes, empty if nothing is said.
local IDENTITY_HEADERS = { "x-auth-user", "x-auth-groups" }

-- What is said of a connection or of a body, and not of a request.
local BESIDE_THE_QUESTION = {
  "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
  "transfer-encoding", "upgrade",
}
-- What is the gate's word to HAProxy alone, or written anew by HAProxy.
local BESIDE_THE_ANSWER = {
  "connection", "content-length", "keep-alive", "transfer-encoding", table.unpack(IDENTITY_HEADERS),
}

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

-- What the gate says of who came; nil unless it says all of it, as it does whenever somebody may pass.
local function told(reply)
  local identity = {}
  for _, name in ipairs(IDENTITY_HEADERS) do
    local values = reply.headers[name]
    if not values then
      core.Warning("dockgate: no " .. name .. " in the gate's answer")
      return nil
    end
    identity[name] = values[0]
  end
  return identity
end

local function answer(txn, reply)
  local answer = txn:reply { status = reply.status }
  for _, name in ipairs(BESIDE_THE_ANSWER) do
    reply.headers[name] = nil
  end
  for name, values in pairs(reply.headers) do
    for _, value in pairs(values) do
      answer:add_header(name, value)
    end
  end
  answer:set_body(reply.body)
  txn:done(answer)
end

core.register_action("dockgate", { "http-req" }, function(txn, address, path)
  txn:unset_var("txn.dockgate")
  local headers = question(txn)
  if not headers then
    txn:done(txn:reply { status = 431 })
  end
  local request = { url = "http://dockgate" .. path, dst = address, headers = headers, timeout = LONGEST_WAIT }
  local asked, reply = pcall(function()
    return core.httpclient():get(request)
  end)
  if not asked then
    core.Warning("dockgate: " .. tostring(reply))
    return
  end
  -- What is not said by the gate does not count: it always says what it speaks for.
  if not reply.headers["docker-distribution-api-version"] then
    return
  end
  if reply.status ~= 200 then
    return answer(txn, reply)
  end
  local identity = told(reply)
  if identity then
    for name, value in pairs(identity) do
      txn.http:req_set_header(name, value)
    end
    txn:set_var("txn.dockgate", "passed")
  end
end, 2)
