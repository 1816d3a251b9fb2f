-- Sends the requests in a file of its own for each thread, one after the other.
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(args)
    file = assert(io.open(args[1] .. "." .. number, "rb"))
    again = args[2] == "again"
end

function request()
    local length = file:read("*l")
    if not length and again then
        file:seek("set")
        length = file:read("*l")
    end
    if not length then
        return "GET /out-of-requests HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    end
    return file:read(tonumber(length))
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        "measured requests=%d microseconds=%d status=%d broken=%d\n",
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
