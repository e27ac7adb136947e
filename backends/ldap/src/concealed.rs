//! Attributes that nobody is shown.

/// What passwords are kept as, and keys that are as good: of OpenLDAP and others, Active Directory, Samba, Kerberos, FreeIPA.
const SECRET: [&str; 27] = [
    "2.5.4.35",
    "authPassword",
    "dBCSPwd",
    "ipaNTHash",
    "ipatokenOTPkey",
    "krbExtraData",
    "krbMKey",
    "krbPrincipalKey",
    "krbPwdHistory",
    "lmPwdHistory",
    "ms-Mcs-AdmPwd",
    "msDS-ManagedPassword",
    "msLAPS-EncryptedPassword",
    "msLAPS-EncryptedPasswordHistory",
    "msLAPS-Password",
    "nsDS5ReplicaCredentials",
    "ntPwdHistory",
    "passwordHistory",
    "pwdHistory",
    "sambaLMPassword",
    "sambaNTPassword",
    "sambaPasswordHistory",
    "supplementalCredentials",
    "unicodePwd",
    "unixUserPassword",
    "userPKCS12",
    "userPassword",
];

/// Why such an attribute is refused, for the end of a sentence about a key.
pub(crate) const WHY: &str =
    "what it holds is a secret of the directory: it would be told to rules, and to whoever asks why";

/// Whether it is one of them; options behind it do not matter.
pub(crate) fn is_secret(description: &str) -> bool {
    let kind = description.split(';').next().unwrap_or_default();
    SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(kind))
}
