# Who somebody is, and what they may do. `data.people` has a group and the SHA-256 of a password for each account.
package registry

default login := {"decision": "no_match"}

login := {"decision": "allow", "labels": {"groups": data.people[input.account].groups}} if right_password

login := {"decision": "deny", "reason": "wrong password"} if {
	data.people[input.account]
	not right_password
}

right_password if crypto.sha256(input.password) == data.people[input.account].password

default access := false

access := {"actions": granted} if count(granted) > 0

granted contains action if {
	some action in input.actions
	input.identity.account != ""
	startswith(input.resource.name, concat("", [input.identity.account, "/"]))
}

granted contains "pull" if {
	"pull" in input.actions
	"pullers" in input.identity.labels.groups
	not startswith(input.resource.name, "vault/")
}
